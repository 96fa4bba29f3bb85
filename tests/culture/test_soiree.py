"""The evening: ticked once whoever ticks, undone by another note, numbers lent for that evening only."""

import threading
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from culture import presences
from culture.documents.dossier_soiree import cle_du_dossier, jeter, preparer
from culture.models.inscriptions import PlaceSortie
from culture.models.pass_culture import PassCulture
from culture.models.soiree import Pointage
from culture.models.sorties import Sortie, SortieAccompagnateur
from culture.presences import Note
from culture.queries import soiree as queries_soiree
from culture.queries.sorties import sortie_vue
from culture.regles.etats import Motif
from kernel import clock, documents, pdf, qr
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from tests import fabriques
from tests.conftest import forget_settings
from tests.culture.bourg import SOIR, Gens, Saison, batir, fautes, habiter, reserver
from tests.foyers.visite import Visite, connecte_en

ARRIVE = SOIR - timedelta(minutes=40)


SAISON = (date(2026, 9, 1), date(2027, 8, 31))


def texte_de(card: PassCulture) -> str:
    return qr.sign_pass(card.code, card.du, card.au)


@dataclass(frozen=True)
class Soir:
    saison: Saison
    gens: Gens
    places: tuple[int, ...]
    nadia: int
    marc: int


def planter() -> Soir:
    with transaction() as session:
        season = batir(session, autorisation_parentale=True, privilege="Rencontre avec les comédiennes")
        agents = [fabriques.compte(session, Role.AGENT, maisons=season.maisons[:1]).id for _ in range(2)]
    people = habiter(season, [3])[0]
    reserver(season, people)
    with transaction() as session:
        keys = session.scalars(select(PlaceSortie.id).order_by(PlaceSortie.id)).all()
        session.execute(text("UPDATE foyer SET telephone = '+33612345678' WHERE id = :f"), {"f": people.foyer})
    return Soir(season, people, tuple(keys), agents[0], agents[1])


@pytest.fixture
def soir(base: str, monkeypatch: pytest.MonkeyPatch) -> Soir:
    monkeypatch.setenv("DB_POOL_SIZE", "20")
    forget_settings()
    return planter()


def arriver(place: int, par: int, instant: datetime = ARRIVE) -> Note:
    with transaction() as session:
        return presences.arriver(session, place, instant=instant, par=par)


def presence(place: int) -> str | None:
    with reading() as session:
        return session.get_one(PlaceSortie, place).presence


def notes(place: int) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).where(Pointage.place_id == place)) or 0


def test_who_comes_after_the_beginning_is_late(soir: Soir) -> None:
    assert arriver(soir.places[0], soir.nadia) is Note.ECRITE
    assert arriver(soir.places[1], soir.nadia, SOIR + timedelta(minutes=5)) is Note.ECRITE
    assert [presence(place) for place in soir.places[:2]] == ["presente", "retard"]
    assert fautes() == []


def test_the_same_scan_twice_is_one_and_a_second_device_is_kept(soir: Soir) -> None:
    assert [arriver(soir.places[0], who) for who in (soir.nadia, soir.nadia, soir.marc)] == [
        Note.ECRITE,
        Note.INCHANGEE,
        Note.DEJA,
    ]
    # Not even a second device, after it has begun, makes late somebody who was in time.
    arriver(soir.places[0], soir.marc, SOIR + timedelta(minutes=5))
    assert presence(soir.places[0]) == "presente"
    with reading() as session:
        seen = queries_soiree.soiree(session, soir.saison.sortie)
        line = next(p for p in queries_soiree.attendues(session, seen, ARRIVE) if p.place_id == soir.places[0])
    assert line.vues == 2


def deux_appareils(soir: Soir, tours: int) -> list[Note]:
    """Both devices tick everybody at once, each of them `tours` times."""
    told: list[Note] = []
    start = threading.Barrier(2)

    def tick(par: int) -> None:
        start.wait()
        for _turn in range(tours):
            told.extend([arriver(place, par) for place in soir.places])

    devices = [threading.Thread(target=tick, args=(par,)) for par in (soir.nadia, soir.marc)]
    for device in devices:
        device.start()
    for device in devices:
        device.join()
    return told


def test_two_devices_at_once_write_one_arrival_and_flag_the_other(soir: Soir) -> None:
    told = deux_appareils(soir, 4)
    assert told.count(Note.ECRITE) == len(soir.places)
    assert [presence(place) for place in soir.places] == ["presente"] * 3
    assert fautes() == []


def test_control_without_the_lock_two_devices_both_believe_they_were_first(
    soir: Soir, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2, timeout=10)

    def unlocked(session, sortie_id):  # type: ignore[no-untyped-def]
        return session.get_one(Sortie, sortie_id)

    real = presences._noter

    def late(*given, **by):  # type: ignore[no-untyped-def]
        both.wait()
        return real(*given, **by)

    monkeypatch.setattr(presences, "verrouiller_sortie", unlocked)
    monkeypatch.setattr(presences, "_noter", late)
    told: list[Note] = []
    devices = [
        threading.Thread(target=lambda par=par: told.append(arriver(soir.places[0], par)))
        for par in (soir.nadia, soir.marc)
    ]
    for device in devices:
        device.start()
    for device in devices:
        device.join()
    assert told == [Note.ECRITE, Note.ECRITE]


def test_an_absence_has_its_reason_and_is_undone_by_another_note(soir: Soir) -> None:
    place = soir.places[0]
    with transaction() as session:
        presences.manquer(session, place, prevenu=False, motif=Motif.TRANSPORT, instant=ARRIVE, par=soir.nadia)
    assert presence(place) == "absente"
    with reading() as session:
        assert queries_soiree.absences(session, soir.gens.membres[0], SOIR) == (1, 1)
    for _twice in range(2):
        with transaction() as session:
            presences.defaire(session, place, instant=ARRIVE, par=soir.marc)
    assert presence(place) is None
    assert notes(place) == 2
    assert fautes() == []


def test_somebody_takes_the_seat_of_an_absent_person_and_owes_nothing(soir: Soir) -> None:
    place = soir.places[0]
    with transaction() as session:
        instead = presences.remplacer(session, place, prenom="Omar", nom="Haddad", instant=ARRIVE, par=soir.nadia).id
    assert (presence(place), presence(instead)) == ("absente", "presente")
    with reading() as session:
        seen, list_ = sortie_vue(session, soir.saison.sortie), queries_soiree.soiree(session, soir.saison.sortie)
    assert (seen.places - seen.libres, list_.attendues) == (len(soir.places), len(soir.places)), "one seat, not two"
    assert fautes() == []
    with pytest.raises(Refus, match="déjà pris cette place"):
        arriver(place, soir.nadia)
    with transaction() as session:
        presences.defaire(session, place, instant=ARRIVE, par=soir.nadia)
    assert arriver(place, soir.nadia) is Note.ECRITE
    with pytest.raises(Refus, match="rendue"):
        arriver(instead, soir.nadia)
    assert fautes() == []


def test_who_is_there_gives_no_seat_away(soir: Soir) -> None:
    arriver(soir.places[0], soir.nadia)
    with pytest.raises(Refus, match="sa place n’est pas libre"), transaction() as session:
        presences.remplacer(session, soir.places[0], prenom="Omar", nom="Haddad", instant=ARRIVE, par=soir.nadia)


@pytest.mark.parametrize("when", [SOIR - timedelta(days=1), SOIR + timedelta(days=9)])
def test_nothing_is_noted_before_the_day_nor_long_after(soir: Soir, when: datetime) -> None:
    with pytest.raises(Refus, match="s’ouvre samedi 12 décembre"):
        arriver(soir.places[0], soir.nadia, when)


def test_a_card_opens_its_own_seat_and_nobody_elses(soir: Soir) -> None:
    other = habiter(soir.saison, [1])[0]
    with transaction() as session:
        held = {p.membre_id: texte_de(p) for p in session.scalars(select(PassCulture))}
        card = held[soir.gens.membres[1]]
        assert presences.place_du_pass(session, soir.saison.sortie, card, ARRIVE) == soir.places[1]
        for wrong, sentence in (
            (held[other.membres[0]], "n’a pas de place"),
            (card[:-1] + ("A" if card[-1] != "A" else "B"), "n’est pas celui d’une carte"),
            (qr.sign_card(uuid4()), "carte de sorties"),
            (qr.sign_pass(uuid4(), *SAISON), "ne compte plus"),
            (qr.sign_pass(uuid4(), date(2025, 9, 1), date(2026, 8, 31)), "pas de cette saison"),
        ):
            with pytest.raises(Refus, match=sentence):
                presences.place_du_pass(session, soir.saison.sortie, wrong, ARRIVE)


@pytest.mark.parametrize(
    ("when", "lent"),
    [
        (SOIR - timedelta(days=1), False),
        (ARRIVE, True),
        (SOIR + timedelta(hours=4), True),
        (SOIR + timedelta(hours=5), False),
    ],
)
def test_numbers_are_lent_that_evening_only(soir: Soir, when: datetime, lent: bool) -> None:
    with reading() as session:
        seen = queries_soiree.soiree(session, soir.saison.sortie)
        numbers = {p.telephone for p in queries_soiree.attendues(session, seen, when)}
    assert numbers == ({"+33612345678"} if lent else {None})


def test_the_papers_hold_the_list_and_are_thrown_away_with_the_evening(
    soir: Soir, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        session.execute(text("UPDATE place_sortie SET adulte = false, age = 9 WHERE id = :p"), {"p": soir.places[2]})
    given = {}

    def render(template, context):  # type: ignore[no-untyped-def]
        given.update(context)
        return real(template, context)

    real = pdf.render
    monkeypatch.setattr(pdf, "render", render)
    clock.set_now(ARRIVE)
    preparer(soir.saison.sortie)
    assert len(given["personnes"]) == 3
    assert len(given["enfants"]) == 1
    with transaction() as session:
        made = documents.find(session, cle_du_dossier(soir.saison.sortie))
        assert made is not None
        assert made.content.startswith(b"%PDF")
        assert jeter(session, SOIR + timedelta(hours=4)) == 0
        assert jeter(session, SOIR + timedelta(hours=5)) == 1


@pytest.mark.parametrize(
    ("tamper", "sentence"),
    [
        ("UPDATE place_sortie SET presence = 'absente', presence_le = now()", "sa dernière note"),
        (
            "UPDATE place_sortie SET presence = 'presente', presence_le = now() WHERE id = "
            "(SELECT remplace_id FROM place_sortie WHERE remplace_id IS NOT NULL)",
            "notée présente",
        ),
    ],
)
def test_the_verifier_sees_a_list_that_was_tampered_with(soir: Soir, tamper: str, sentence: str) -> None:
    with transaction() as session:
        presences.remplacer(session, soir.places[0], prenom="Omar", nom="Haddad", instant=ARRIVE, par=soir.nadia)
    with transaction() as session:
        session.execute(text(tamper))
    assert any(sentence in fault for fault in fautes())


# The pages.


@pytest.fixture
def plage(app: Flask) -> Soir:
    made = planter()
    clock.set_now(ARRIVE)
    return made


@pytest.fixture
def agente(app: Flask, plage: Soir) -> Visite:
    return connecte_en(app, Role.AGENT, maisons=plage.saison.maisons[:1])


def test_the_agent_ticks_an_arrival_and_takes_it_back(agente: Visite, plage: Soir) -> None:
    page = f"/soirees/{plage.saison.sortie}"
    assert "06" in agente.lire(page).text
    answer = agente.poster(f"/soirees/personnes/{plage.places[0]}/arrivee", page)
    assert answer.location == page
    assert presence(plage.places[0]) == "presente"
    agente.poster(f"/soirees/personnes/{plage.places[0]}/defaire", page)
    assert presence(plage.places[0]) is None
    assert "Annulé" in agente.lire(f"/soirees/personnes/{plage.places[0]}").text


def test_a_scanned_card_ticks_and_a_typed_name_finds(agente: Visite, plage: Soir) -> None:
    page = f"/soirees/{plage.saison.sortie}"
    with reading() as session:
        held = {p.membre_id: texte_de(p) for p in session.scalars(select(PassCulture))}
    agente.poster(f"{page}/scan", page, code=held[plage.gens.membres[0]])
    assert presence(plage.places[0]) == "presente"
    assert "arrivée notée" in agente.lire(page).text
    assert agente.poster(f"{page}/scan", page, code="anab").location == f"{page}?q=anab"
    found = agente.lire(f"{page}?q=anab").text
    assert found.count("attendus__qui") == 1


def test_an_absence_and_a_replacement_are_noted_by_their_forms(agente: Visite, plage: Soir) -> None:
    here = f"/soirees/personnes/{plage.places[0]}"
    assert agente.poster(f"{here}/absence", here).status_code == 422
    assert agente.poster(f"{here}/absence", here, comment="prevenu", motif="sante").status_code == 303
    assert presence(plage.places[0]) == "excusee"
    assert agente.poster(f"{here}/remplacement", here, prenom="", nom="").status_code == 422
    assert agente.poster(f"{here}/remplacement", here, prenom="Omar", nom="Haddad").status_code == 303
    assert "Omar Haddad est là à sa place" in agente.lire(f"/soirees/{plage.saison.sortie}?etat=toutes").text


def test_the_parents_paper_is_ticked_on_the_spot(agente: Visite, plage: Soir) -> None:
    with transaction() as session:
        session.execute(text("UPDATE place_sortie SET adulte = false, age = 9 WHERE id = :p"), {"p": plage.places[2]})
    here = f"/soirees/personnes/{plage.places[2]}"
    assert "à demander" in agente.lire(f"/soirees/{plage.saison.sortie}").text
    agente.poster(f"{here}/autorisation", here, vue="oui")
    assert "Le papier signé a été vu." in agente.lire(here).text
    assert "à demander" not in agente.lire(f"/soirees/{plage.saison.sortie}").text


def test_who_accompanies_reads_the_list_wherever_they_work_and_others_do_not(app: Flask, plage: Soir) -> None:
    away = connecte_en(app, Role.AGENT, maisons=plage.saison.maisons[1:])
    page = f"/soirees/{plage.saison.sortie}"
    assert away.lire(page).status_code == 404
    with transaction() as session:
        keys = text("SELECT max(id) FROM compte WHERE role = 'agent'")
        session.add(SortieAccompagnateur(sortie_id=plage.saison.sortie, compte_id=session.scalar(keys)))
    assert away.lire(page).status_code == 200
    assert "aujourd’hui" in away.lire("/soirees").text.lower()

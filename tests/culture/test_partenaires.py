"""The venue's side: it reads figures, answers once to what it has read, is told each thing once; a voucher replaces
another."""

import re
import threading
from collections.abc import Iterator
from datetime import datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from culture import contremarques, horaires_partenaires, inscriptions, partenaires, sorties
from culture.conditions import Personne
from culture.courriels.partenaires import effectif as dire_l_effectif
from culture.effectifs import Effectif, compter, differences
from culture.liens import jeton_du_lieu
from culture.models.inscriptions import PlaceSortie
from culture.models.soiree import Contremarque, EffectifEnvoye, ReponseLieu
from culture.models.sorties import Lieu, Sortie
from culture.partenaires import GenreReponse, Position, Reponse
from culture.queries.partenaires import dossier
from culture.regles.etats import Besoin
from kernel import clock, documents
from kernel.clock import PARIS, paris
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.mail import Mail
from kernel.web.access import Role
from tests import fabriques
from tests.culture.bourg import MAINTENANT, SOIR, Saison, batir, fautes, habiter, reserver
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.bourg import compter as combien

J_7 = paris(SOIR.astimezone(PARIS).date() - timedelta(days=7), time(9))
J_1 = paris(SOIR.astimezone(PARIS).date() - timedelta(days=1), time(9))


@pytest.fixture(autouse=True)
def horloge() -> Iterator[None]:
    clock.set_now(MAINTENANT)
    yield
    clock.set_now(None)


@pytest.fixture
def saison(app: Flask) -> Saison:
    with transaction() as session:
        return batir(session, titre="Cyrano", privilege="Rencontre avec la troupe", besoins=["fauteuil", "lsf"])


@pytest.fixture
def theatre(app: Flask) -> Visite:
    """Somebody of the venue: no account, a browser."""
    return Visite(app)


def lien(saison: Saison, sortie: int | None = None) -> str:
    return f"/lieu/{jeton_du_lieu(sortie or saison.sortie, saison.lieu)}"


def lue(page: str) -> str:
    found = re.search(r'name="lue" value="(\w+)"', page)
    assert found is not None
    return found[1]


def position(saison: Saison) -> Position:
    with reading() as session:
        return dossier(session, saison.sortie, clock.now()).position


def confirmer(saison: Saison, marque: str) -> bool:
    with transaction() as session:
        answer = Reponse(genre=GenreReponse.CONFIRMEE)
        return partenaires.repondre(
            session, saison.sortie, answer, lieu_id=saison.lieu, lue=marque, instant=clock.now()
        )


def marque(saison: Saison) -> str:
    with reading() as session:
        return dossier(session, saison.sortie, clock.now()).lue


def lignes(saison: Saison) -> list[Contremarque]:
    with reading() as session:
        query = select(Contremarque).where(Contremarque.sortie_id == saison.sortie).order_by(Contremarque.version)
        return list(session.scalars(query))


def test_a_venue_reads_figures_and_confirms_once(saison: Saison, theatre: Visite) -> None:
    who = habiter(saison, [3])[0]
    reserver(saison, who, personnes=[Personne(who.membres[0], besoins=(Besoin.FAUTEUIL,)), Personne(who.membres[1])])
    with transaction() as session:
        partenaires.solliciter(session, saison.sortie, par_courriel=True, instant=MAINTENANT, par=None)
        names = session.scalars(select(PlaceSortie.nom)).all()
    assert position(saison) is Position.DEMANDEE
    page = theatre.lire(lien(saison)).text
    for figure in ("10", "Fauteuil roulant", "Rencontre avec la troupe", "12,00"):
        assert figure in page
    assert not any(name in page for name in names)
    for _again in range(2):
        assert theatre.poster(lien(saison), reponse="confirmer", lue=lue(page)).status_code == 303
    assert combien("SELECT count(*) FROM reponse_lieu") == 1
    assert combien("SELECT count(*) FROM outbox_fact WHERE name = 'LieuARepondu'") == 1
    assert position(saison) is Position.CONFIRMEE
    assert "Vous avez confirmé" in theatre.lire(lien(saison)).text
    assert fautes() == []


def test_it_says_that_it_has_seen_then_what_differs_and_leaves_a_word(
    app: Flask, saison: Saison, theatre: Visite
) -> None:
    page = theatre.lire(lien(saison)).text
    theatre.poster(lien(saison), reponse="vue", lue=lue(page))
    assert position(saison) is Position.VUE
    empty = theatre.poster(lien(saison), reponse="ecart", lue=lue(page), places="10", conditions="")
    assert empty.status_code == 422
    assert "Dites ce qui diffère" in empty.text
    said = {"places": "8", "conditions": "8 places, et pas de rencontre ce soir-là."}
    assert theatre.poster(lien(saison), reponse="ecart", lue=lue(page), **said).status_code == 303
    assert theatre.poster(lien(saison), reponse="mot", message="Entrée par la cour.").status_code == 303
    assert position(saison) is Position.ECART, "a word changes nothing of where it stands"
    elle = connecte_en(app, Role.COORDINATION)
    for path in ("/coordination/sorties/lieux", f"/coordination/sorties/{saison.sortie}/lieu"):
        assert "Entrée par la cour." in elle.lire(path).text
    assert "pas de rencontre" in elle.lire(f"/coordination/sorties/{saison.sortie}/lieu").text
    theatre.poster(lien(saison), reponse="confirmer", lue=lue(theatre.lire(lien(saison)).text))
    assert position(saison) is Position.CONFIRMEE


def test_what_changes_between_reading_and_confirming_is_read_again(saison: Saison, theatre: Visite) -> None:
    read = lue(theatre.lire(lien(saison)).text)
    reserver(saison, habiter(saison, [2])[0])
    answer = theatre.poster(lien(saison), reponse="confirmer", lue=read)
    assert answer.status_code == 422
    assert "ont changé pendant votre lecture" in answer.text
    assert combien("SELECT count(*) FROM reponse_lieu") == 0
    # The page that says so shows the figures of now: its own button confirms them.
    assert theatre.poster(lien(saison), reponse="confirmer", lue=lue(answer.text)).status_code == 303


def test_control_without_the_mark_it_would_confirm_what_it_has_not_read(
    saison: Saison, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = marque(saison)
    with transaction() as session:
        session.execute(text("UPDATE sortie SET cout_place = 9900 WHERE id = :s"), {"s": saison.sortie})
    with pytest.raises(Refus):
        confirmer(saison, read)
    monkeypatch.setattr(partenaires, "empreinte_lue", lambda *_: read)
    assert confirmer(saison, read)


def test_a_confirmation_holds_for_its_conditions_and_no_more_seats(saison: Saison) -> None:
    confirmer(saison, marque(saison))
    reserver(saison, habiter(saison, [3])[0])
    with transaction() as session:
        sorties.clore(session, saison.sortie, instant=clock.now(), par=None)
    assert position(saison) is Position.CONFIRMEE, "ten were confirmed, three come"
    with transaction() as session:
        session.execute(text("UPDATE sortie SET privilege = 'Visite' WHERE id = :s"), {"s": saison.sortie})
    assert position(saison) is Position.A_RECONFIRMER


def deux_clics(saison: Saison) -> int:
    read, start = marque(saison), threading.Barrier(2)

    def click() -> None:
        start.wait()
        confirmer(saison, read)

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    return combien("SELECT count(*) FROM reponse_lieu")


def test_two_clicks_at_once_confirm_once(saison: Saison) -> None:
    assert deux_clics(saison) == 1


def test_control_without_the_lock_two_clicks_confirm_twice(saison: Saison, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=5)

    def unlocked(session: object, sortie_id: int) -> Sortie:
        found = session.get_one(Sortie, sortie_id)  # type: ignore[attr-defined]
        both.wait()
        return found  # type: ignore[no-any-return]

    monkeypatch.setattr(partenaires, "verrouiller_sortie", unlocked)
    seen = threading.Barrier(2, timeout=5)
    deja = partenaires._deja_dite
    monkeypatch.setattr(partenaires, "_deja_dite", lambda *given: (deja(*given), seen.wait())[0])
    assert deux_clics(saison) == 2


def test_links_of_others_old_cancelled_and_moved(app: Flask, saison: Saison, theatre: Visite) -> None:
    with transaction() as session:
        other = batir(session, titre="Phèdre")
        made = contremarques.etablir(session, other.sortie, instant=MAINTENANT, par=None)
        assert made is not None
        documents.store(session, contremarques.cle(made.id), "contremarque.pdf", b"%PDF-1.7")
    assert "Phèdre" not in theatre.lire(lien(saison)).text
    assert theatre.lire(f"{lien(other)}/contremarque/{made.id}.pdf").status_code == 200
    assert theatre.lire(f"{lien(saison)}/contremarque/{made.id}.pdf").status_code == 404
    assert theatre.lire(f"/lieu/{jeton_du_lieu(saison.sortie, other.lieu)}").status_code == 410
    page = theatre.lire(lien(saison)).text
    with transaction() as session:
        sorties.annuler_sortie(session, saison.sortie, "La troupe est malade.", instant=MAINTENANT, par=None)
    assert "Cette sortie est annulée" in theatre.lire(lien(saison)).text
    theatre.poster(lien(saison), lien(other), reponse="confirmer", lue=lue(page))
    assert combien("SELECT count(*) FROM reponse_lieu") == 0
    clock.set_now(SOIR + timedelta(hours=3))
    assert "Merci d’avoir accueilli le groupe" in theatre.lire(lien(other)).text


@pytest.mark.parametrize("message", ["x" * 10_000, "", " \n\t", "caché\u202eicí", "\x00"])
def test_a_word_that_cannot_be_kept_is_answered_by_a_sentence(saison: Saison, theatre: Visite, message: str) -> None:
    answer = theatre.poster(lien(saison), reponse="mot", message=message)
    assert answer.status_code == 422
    assert "champ__erreur" in answer.text
    assert combien("SELECT count(*) FROM reponse_lieu") == 0


def test_names_only_where_the_door_wants_them_and_once_the_list_is_closed(saison: Saison, theatre: Visite) -> None:
    reserver(saison, habiter(saison, [1])[0])
    with transaction() as session:
        name = session.scalars(select(PlaceSortie.nom)).one()
        session.execute(text("UPDATE sortie SET noms_demandes = true WHERE id = :s"), {"s": saison.sortie})
    assert name not in theatre.lire(lien(saison)).text
    with transaction() as session:
        sorties.clore(session, saison.sortie, instant=clock.now(), par=None)
    assert name in theatre.lire(lien(saison)).text
    with transaction() as session:
        session.execute(text("UPDATE sortie SET noms_demandes = false WHERE id = :s"), {"s": saison.sortie})
    assert name not in theatre.lire(lien(saison)).text


# Head-counts


def envoyes() -> list[tuple[int, int]]:
    with reading() as session:
        rows = session.execute(select(EffectifEnvoye.jalon, EffectifEnvoye.nombre).order_by(EffectifEnvoye.id))
        return [(jalon, nombre) for jalon, nombre in rows]


def passer(instant: datetime) -> None:
    clock.set_now(instant)
    horaires_partenaires.tenir_les_lieux_au_courant(instant)


def test_head_counts_go_out_a_week_ahead_and_on_the_eve_once_as_of_their_time(saison: Saison) -> None:
    reserver(saison, habiter(saison, [3])[0])
    passer(J_7 - timedelta(minutes=1))
    assert envoyes() == []
    reserver(saison, habiter(saison, [1])[0], instant=J_7 + timedelta(hours=1))
    # The timetable was away for a day: it tells how many came on that morning.
    for _turn in range(2):
        passer(J_7 + timedelta(days=1))
    assert envoyes() == [(7, 3)]
    turns = [threading.Thread(target=passer, args=(J_1,)) for _ in range(2)]
    for turn in turns:
        turn.start()
    for turn in turns:
        turn.join()
    assert envoyes() == [(7, 3), (1, 4)]
    assert combien("SELECT count(*) FROM outbox_fact WHERE name = 'EffectifArrete'") == 2


def test_on_the_eve_the_week_before_is_not_told_any_more(saison: Saison) -> None:
    passer(J_1 + timedelta(hours=2))
    passer(J_1 + timedelta(hours=3))
    assert envoyes() == [(1, 0)]


UNIQUE = "uq_effectif_envoye_sortie_id_jalon"


def test_control_without_the_unique_row_two_timetables_would_tell_twice(saison: Saison) -> None:
    with transaction() as session:
        session.execute(text(f"ALTER TABLE effectif_envoye DROP CONSTRAINT {UNIQUE}"))
        for _turn in range(2):
            horaires_partenaires._arreter(session, saison.sortie, 7, J_7)
    try:
        assert len(envoyes()) == 2
    finally:
        with transaction() as session:
            session.execute(text("TRUNCATE effectif_envoye"))
            session.execute(text(f"ALTER TABLE effectif_envoye ADD CONSTRAINT {UNIQUE} UNIQUE (sortie_id, jalon)"))


def courriels() -> list[Mail]:
    with reading() as session:
        return list(session.scalars(select(Mail).order_by(Mail.id)))


def test_the_eves_mail_says_what_has_changed(saison: Saison) -> None:
    who = habiter(saison, [3])[0]
    booked = reserver(saison, who)
    passer(J_7)
    with transaction() as session:
        seats = session.scalars(select(PlaceSortie.id).order_by(PlaceSortie.id)).all()
        inscriptions.annuler(session, booked.id, places=seats[:1], instant=J_7 + timedelta(hours=2))
    passer(J_1)
    with transaction() as session:
        for row in session.scalars(select(EffectifEnvoye).order_by(EffectifEnvoye.id)).all():
            for _again in range(2):
                dire_l_effectif(session, row.id)
    week, eve = courriels()
    assert week.recipient == "theatre@exemple.test"
    assert "3 personnes" in week.subject
    assert "a changé" not in week.text
    assert "2 personnes" in eve.subject
    assert "2, au lieu de 3" in eve.text
    assert "/lieu/" in eve.html


def test_what_a_venue_without_e_mail_would_read_goes_to_the_coordination(saison: Saison) -> None:
    with transaction() as session:
        session.get_one(Lieu, saison.lieu).email = None
        fabriques.compte(session, Role.COORDINATION)
    passer(J_7)
    with transaction() as session:
        dire_l_effectif(session, session.scalars(select(EffectifEnvoye.id)).one())
    (mail,) = courriels()
    assert "appelez-le" in mail.text
    with pytest.raises(Refus, match="pas d’adresse e-mail"), transaction() as session:
        partenaires.solliciter(session, saison.sortie, par_courriel=True, instant=clock.now(), par=None)


def test_differences_tell_every_figure() -> None:
    before = Effectif(adultes=5, enfants=2, accompagnateurs=1, besoins=(("fauteuil", 1),))
    after = Effectif(adultes=5, enfants=1, accompagnateurs=1, besoins=(("fauteuil", 2), ("lsf", 1)))
    assert [(was, now) for _what, was, now in differences(before, after)] == [(7, 6), (2, 1), (1, 2), (0, 1)]
    assert differences(after, after) == []


def test_a_count_is_as_of_its_instant(saison: Saison) -> None:
    booked = reserver(saison, habiter(saison, [2])[0])
    gone = MAINTENANT + timedelta(hours=2)
    with transaction() as session:
        inscriptions.annuler(session, booked.id, places=session.scalars(select(PlaceSortie.id)).all(), instant=gone)
        before, after = (compter(session, saison.sortie, at) for at in (gone - timedelta(seconds=1), gone))
    assert (before.nombre, after.nombre) == (2, 0)


def test_publishing_asks_the_venue_once(saison: Saison) -> None:
    with transaction() as session:
        session.execute(text("UPDATE sortie SET etat = 'brouillon' WHERE id = :s"), {"s": saison.sortie})
        for _again in range(2):
            sorties.publier(session, saison.sortie, instant=MAINTENANT, par=None)
        sorties.clore(session, saison.sortie, instant=MAINTENANT, par=None)
        sorties.publier(session, saison.sortie, instant=MAINTENANT, par=None)
    assert combien("SELECT count(*) FROM demande_lieu") == 1
    assert combien("SELECT count(*) FROM outbox_fact WHERE name = 'LieuSollicite'") == 1


def test_the_coordination_sends_hands_over_and_makes_the_voucher(app: Flask, saison: Saison) -> None:
    elle = connecte_en(app, Role.COORDINATION)
    page = f"/coordination/sorties/{saison.sortie}/lieu"
    assert "/lieu/" in elle.lire(page).text
    for path in ("lieu/demander", "lieu/transmis", "contremarque"):
        assert elle.poster(f"/coordination/sorties/{saison.sortie}/{path}", page).location == page
    assert combien("SELECT count(*) FROM demande_lieu WHERE par IS NOT NULL") == 2
    assert len(lignes(saison)) == 1
    reads = connecte_en(app, Role.ADMINISTRATION).lire(page)
    assert "Adresse à copier" not in reads.text
    with reading() as session:
        assert session.scalars(select(ReponseLieu)).all() == []

"""Reminders, changes, thanks and two questions: told once, even late, and not to those who left."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from culture import avis
from culture.avis import donner, lus_par_la_coordination, lus_par_le_lieu
from culture.courriels import annonces as annonces_sorties
from culture.courriels import rappels
from culture.inscriptions import annuler
from culture.liens import jeton_d_avis
from culture.models.sorties import Sortie
from culture.regles.jalons import Jalon, avis_jusqu_a, rappel_du
from culture.sorties import Programme, annuler_sortie, modifier, tenir
from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from paiements import grand_livre
from tests.culture.bourg import MAINTENANT, SOIR, Gens, Saison, batir, fautes, habiter, reserver
from tests.culture.test_courriels import dit
from tests.foyers.visite import Visite

TROIS_JOURS = paris(date(2026, 12, 9), time(10))
CE_JOUR = paris(date(2026, 12, 12), time(8))


@pytest.fixture
def saison(base: str) -> Saison:
    with transaction() as session:
        return batir(session, titre="Cyrano", places=20, cloture_le=SOIR - timedelta(hours=2))


def dits(modele: str) -> dict[int, int]:
    """Household → how many messages of that kind."""
    with reading() as session:
        rows = session.scalars(text("SELECT foyer_id FROM message WHERE modele = :m"), {"m": f"culture/{modele}"})
        return dict(Counter(rows))


def test_who_goes_is_reminded_once_three_days_before_and_once_that_morning_even_late(saison: Saison) -> None:
    goes, left, late = habiter(saison, [2, 1, 1])
    reserver(saison, goes)
    gone = reserver(saison, left)
    with transaction() as session:
        annuler(session, gone.id, instant=MAINTENANT)
    rappels.rappeler(TROIS_JOURS - timedelta(minutes=1))
    assert dits("rappel") == {}
    for outage in (timedelta(hours=50), timedelta(hours=51)):  # the timetable was away for two days
        rappels.rappeler(TROIS_JOURS + outage)
    assert dits("rappel") == {goes.foyer: 1}
    way, words = dit()
    assert way == "courriel"
    assert "Rendez-vous samedi 12 décembre à 19 h 45 : Devant la maison" in words
    reserver(saison, late, instant=CE_JOUR + timedelta(minutes=5))
    for turn in range(3):
        rappels.rappeler(CE_JOUR + timedelta(hours=turn))
    assert dits("jour_meme") == {goes.foyer: 1}, "who has just booked has just read it all"
    rappels.rappeler(SOIR)
    assert (dits("rappel"), dits("jour_meme")) == ({goes.foyer: 1}, {goes.foyer: 1})


def test_nobody_is_reminded_of_an_outing_that_is_cancelled(saison: Saison) -> None:
    reserver(saison, habiter(saison, [1])[0])
    with transaction() as session:
        annuler_sortie(session, saison.sortie, "La troupe est malade.", instant=MAINTENANT, par=None)
    rappels.rappeler(TROIS_JOURS)
    rappels.rappeler(CE_JOUR)
    assert dits("rappel") | dits("jour_meme") == {}


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2026, 10, 27), date(2027, 3, 28), date(2027, 3, 30)])
def test_clocks_that_change_move_no_reminder(day: date) -> None:
    meeting = paris(day, time(19, 30))
    ahead, morning = paris(day - timedelta(days=3), time(10)), paris(day, time(8))
    second = timedelta(seconds=1)
    assert rappel_du(meeting, ahead - second) is None
    assert rappel_du(meeting, ahead) == rappel_du(meeting, morning - second) == (Jalon.TROIS_JOURS, ahead)
    assert rappel_du(meeting, morning) == rappel_du(meeting, meeting - second) == (Jalon.LE_JOUR, morning)
    assert rappel_du(meeting, meeting) is None
    early = paris(day, time(6))
    assert rappel_du(early, early - timedelta(hours=2)) == (Jalon.LE_JOUR, early - timedelta(hours=2))


# What changes.


def ecrire(saison: Saison, quand: datetime, **given: Any) -> int:
    """Change the outing as the coordination's form does; its version then."""
    with transaction() as session:
        outing = session.get_one(Sortie, saison.sortie)
        names = Programme.__dataclass_fields__.keys() - {"quotas"}
        was = {name: getattr(outing, name) for name in names}
        kept = Programme(**was | {"besoins": tuple(outing.besoins)})
        return modifier(session, saison.sortie, replace(kept, **given), instant=quand).version


def raconter(saison: Saison, version: int) -> None:
    with transaction() as session:
        annonces_sorties.modification(session, saison.sortie, version, instant=MAINTENANT)


def test_a_change_is_told_once_with_the_old_and_the_new_and_costs_nothing(saison: Saison) -> None:
    goes, asks, since = habiter(saison, [2, 1, 1])
    reserver(saison, goes)
    waiting = reserver(saison, asks)
    later = MAINTENANT + timedelta(hours=1)
    first = ecrire(saison, later, rendez_vous_lieu="Devant la mairie")
    second = ecrire(saison, later, debut_le=SOIR + timedelta(minutes=30))
    reserver(saison, since, instant=later + timedelta(minutes=1))
    with transaction() as session:
        annuler(session, waiting.id, instant=later)
    for version in (first, second, second):
        raconter(saison, version)
    assert dits("modifiee") == {goes.foyer: 1}, "two changes at once are one message; who came since knows"
    _way, words = dit()
    assert "Début : samedi 12 décembre à 21 h (et non plus : samedi 12 décembre à 20 h 30)" in words
    assert "Lieu du rendez-vous : Devant la mairie (et non plus : Devant la maison)" in words
    with reading() as session:
        assert grand_livre.solde(session, goes.foyer) == 800
    back = ecrire(saison, later + timedelta(hours=1), debut_le=SOIR)
    again = ecrire(saison, later + timedelta(hours=1), debut_le=SOIR + timedelta(minutes=30))
    for version in (back, again):
        raconter(saison, version)
    assert dits("modifiee") == {goes.foyer: 1}, "it came back to what they know"
    assert fautes(later) == []


def test_control_without_what_the_outing_was_no_change_can_be_told(saison: Saison) -> None:
    reserver(saison, habiter(saison, [1])[0])
    version = ecrire(saison, MAINTENANT + timedelta(hours=1), rendez_vous_lieu="Devant la mairie")
    with transaction() as session:
        session.execute(text("DELETE FROM sortie_version"))
    raconter(saison, version)
    assert dits("modifiee") == {}


# Thanks, and two questions.


def tenue(saison: Saison, combien: int = 1) -> list[Gens]:
    """The outing has taken place, with households of two."""
    went = habiter(saison, [2] * combien)
    for who in went:
        reserver(saison, who)
    with transaction() as session:
        tenir(session, saison.sortie, instant=SOIR + timedelta(hours=2), par=None)
    return went


LENDEMAIN = paris(date(2026, 12, 13), time(10))


def test_who_came_is_thanked_the_morning_after_once_and_who_did_not_is_not(saison: Saison) -> None:
    came, missed = tenue(saison, 2)
    with transaction() as session:
        session.execute(
            text(
                "UPDATE place_sortie SET presence = 'absente', presence_le = now() WHERE inscription_id ="
                " (SELECT id FROM inscription WHERE foyer_id = :f)"
            ),
            {"f": missed.foyer},
        )
    rappels.remercier(LENDEMAIN - timedelta(minutes=1))
    assert dits("merci") == {}
    for _turn in range(2):
        rappels.remercier(LENDEMAIN + timedelta(days=3))
    assert dits("merci") == {came.foyer: 1}
    assert f"/sorties/avis/{jeton_d_avis(saison.sortie, came.foyer)[:6]}" in dit()[1]


def test_an_outage_longer_than_the_answers_are_open_asks_nobody(saison: Saison) -> None:
    tenue(saison)
    rappels.remercier(avis_jusqu_a(SOIR))
    assert dits("merci") == {}


def test_a_household_answers_by_its_link_and_changes_its_mind_until_the_date(app: Flask, saison: Saison) -> None:
    (who,) = tenue(saison)
    clock.set_now(LENDEMAIN)
    page = f"/sorties/avis/{jeton_d_avis(saison.sortie, who.foyer)}"
    visitor = Visite(app)
    assert "La sortie vous a-t-elle plu" in visitor.lire(page).text
    assert visitor.poster(page).status_code == 422
    for note in ("4", "2"):
        assert "Merci, c’est noté" in visitor.poster(page, note=note, mot="Très beau.").text
    with reading() as session:
        assert lus_par_la_coordination(session, saison.sortie) == avis.Avis({4: 0, 3: 0, 2: 1, 1: 0}, ("Très beau.",))
    clock.set_now(avis_jusqu_a(SOIR))
    assert "Les réponses sont closes" in visitor.lire(page).text
    assert visitor.poster(page, "/connexion", note="1").status_code == 422
    clock.set_now(None)
    assert fautes() == []


def repondre(saison: Saison, who: Gens, **given: object) -> None:
    said = {"note": 4, "mot": "", "partage": False, "instant": LENDEMAIN} | given
    with transaction() as session:
        donner(session, sortie_id=saison.sortie, foyer_id=who.foyer, **said)  # type: ignore[arg-type]


def test_the_venue_reads_from_five_answers_on_and_only_words_that_it_may(
    saison: Saison, monkeypatch: pytest.MonkeyPatch
) -> None:
    went = tenue(saison, 5)
    for who in went[:4]:
        repondre(saison, who, mot="Pour vous seuls")
    repondre(saison, went[3], note=3, mot="Bravo !", partage=True)
    with reading() as session:
        assert lus_par_le_lieu(session, saison.sortie) is None
        monkeypatch.setattr(avis, "POUR_LE_LIEU", 1)
        assert lus_par_le_lieu(session, saison.sortie) is not None, "the control: without the least of five it is read"
        monkeypatch.undo()
    repondre(saison, went[4])
    with reading() as session:
        assert lus_par_le_lieu(session, saison.sortie) == avis.Avis({4: 4, 3: 1, 2: 0, 1: 0}, ("Bravo !",))
        assert len(lus_par_la_coordination(session, saison.sortie).mots) == 4


def test_only_who_had_a_seat_answers_and_only_once_it_is_over(saison: Saison) -> None:
    goes, elsewhere = habiter(saison, [1, 1])
    reserver(saison, goes)
    for who in (goes, elsewhere):
        with pytest.raises(Introuvable):
            repondre(saison, who)
    with transaction() as session:
        tenir(session, saison.sortie, instant=SOIR + timedelta(hours=2), par=None)
    with pytest.raises(Introuvable):
        repondre(saison, elsewhere)
    with pytest.raises(Refus, match="quatre réponses"):
        repondre(saison, goes, note=9)
    with pytest.raises(Refus, match="closes"):
        repondre(saison, goes, instant=avis_jusqu_a(SOIR))

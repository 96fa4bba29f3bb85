"""The season at a glance: counts and money that agree with what happened, and nobody told by a small count."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from culture.inscriptions import annuler
from culture.presences import arriver, manquer
from culture.queries import saison as queries_saison
from culture.queries.saison import Statuts, saison_en_lignes, saisons_connues, total
from culture.regles.tarifs import Saison as Annee
from culture.sorties import annuler_sortie, tenir
from kernel import clock
from kernel.db import reading, transaction
from kernel.web.access import Role
from tests.culture.bourg import MAINTENANT, SOIR, Saison, batir, fautes, gens, habiter, reserver, sortie
from tests.foyers.visite import connecte_en
from tests.paniers.bourg import compter

CETTE_ANNEE = Annee(2026)


@pytest.fixture
def saison(base: str) -> Saison:
    """Two evenings of the same season: six free cards and five paid ones at the first, one free card at the second."""
    with transaction() as session:
        season = batir(session, titre="=Cyrano", places=20)
        free = [gens(session, season, 2) for _ in range(3)]
        paid = gens(session, season, 5, prix=0)
        session.execute(text("UPDATE pass_culture SET prix = 1200 WHERE foyer_id = :f"), {"f": paid.foyer})
        second = sortie(session, season, titre="Antigone", debut_le=SOIR + timedelta(days=1)).id
        lost = sortie(session, season, titre="Perdue", debut_le=SOIR + timedelta(days=2)).id
    for who in (*free, paid):
        reserver(season, who)
    for key in (second, lost):
        reserver(season, free[0], 1, sortie=key)
    with transaction() as session:
        annuler_sortie(session, lost, "La troupe est malade.", instant=MAINTENANT, par=None)
        seats = list(
            session.scalars(text("SELECT id FROM place_sortie WHERE sortie_id = :s ORDER BY id"), {"s": season.sortie})
        )
        arriver(session, seats[0], instant=SOIR, par=None)
        manquer(session, seats[1], prevenu=False, instant=SOIR, par=None)
        tenir(session, season.sortie, instant=SOIR + timedelta(hours=2), par=None)
        tenir(session, second, instant=SOIR + timedelta(days=1, hours=2), par=None)
    return season


def test_each_outing_has_its_counts_and_the_ledger_s_money(saison: Saison) -> None:
    with reading() as session:
        first, second, lost = saison_en_lignes(session, CETTE_ANNEE, None)
        assert saisons_connues(session) == [CETTE_ANNEE]
    assert (first.prises, first.remplissage, first.venues, first.absentes, first.premieres) == (11, 55, 1, 1, 10)
    assert (first.cout, first.familles, first.ccas) == (11 * 1200, 11 * 400, 11 * 800)
    assert first.statuts == Statuts(gratuits=6, payants=5, invites=0)
    assert (second.prises, second.premieres, second.statuts) == (1, 0, None), "one card would tell whose"
    assert (lost.prises, lost.cout, lost.familles) == (0, 0, 0), "all of it was reversed"
    summed = total([first, second, lost])
    assert (summed.sorties, summed.tenues, summed.prises, summed.ccas) == (2, 2, 12, 12 * 800)
    assert summed.statuts == first.statuts, "a mix of all would give away the one that is hidden"
    with reading() as session:
        assert saison_en_lignes(session, Annee(2025), None) == []
        assert saison_en_lignes(session, CETTE_ANNEE, saison.maisons[1]) == []


def test_control_without_the_least_of_five_one_reads_who_holds_a_free_card(
    saison: Saison, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries_saison, "LE_MOINS", 1)
    with reading() as session:
        assert saison_en_lignes(session, CETTE_ANNEE, None)[1].statuts == Statuts(1, 0, 0)


def test_a_seat_given_back_leaves_the_counts_and_the_money(saison: Saison) -> None:
    with transaction() as session:
        coming = sortie(session, saison, titre="À venir", debut_le=SOIR + timedelta(days=30)).id
    booked = reserver(saison, habiter(saison, [3])[0], sortie=coming)
    one = compter("SELECT max(id) FROM place_sortie")
    with transaction() as session:
        annuler(session, booked.id, places=[one], instant=MAINTENANT)
    with reading() as session:
        line = saison_en_lignes(session, CETTE_ANNEE, None)[-1]
    assert (line.prises, line.cout, line.familles, line.ccas) == (2, 2400, 800, 1600)
    assert [fault for fault in fautes() if "La carte" not in fault] == [], "the cards' price was written by hand"


def test_the_page_and_its_spreadsheet_run_no_title(app: Flask, saison: Saison) -> None:
    clock.set_now(SOIR + timedelta(days=5))
    who = connecte_en(app, Role.COORDINATION)
    page = who.lire("/coordination/sorties/saison").text
    assert "La saison 2026–2027" in page
    assert "96,00 €" in page.replace("\N{NO-BREAK SPACE}", " "), "what the CCAS adds in all"
    sheet = who.lire("/coordination/sorties/saison.csv?saison=2026").text
    assert "'=Cyrano" in sheet
    assert "12/12/2026;'=Cyrano" in sheet
    for odd in ("?saison=abc&maison=x", "?saison=9999", "?saison=2019&maison=999999999"):
        assert who.lire(f"/coordination/sorties/saison{odd}").status_code == 200

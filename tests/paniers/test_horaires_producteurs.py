"""Producers are asked for their offers and for their answer, each once, whatever runs twice or late."""

from datetime import date, time, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text

from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.errors import Refus
from paniers import liens
from paniers.commandes import repondre
from paniers.courriels import producteurs as courriels_producteurs
from paniers.events import OffresDemandees
from paniers.horaires_producteurs import demande_due, demander_les_offres, relancer_les_commandes
from paniers.liens import jeton_d_offres
from paniers.penuries import corriger
from tests import fabriques
from tests.foyers.visite import Visite
from tests.paniers.bourg import compter
from tests.paniers.monde_public import faits, mots
from tests.paniers.penurie import demande, ordonner

JEUDI = date(2026, 12, 3)
MARDI_8_H = paris(date(2026, 11, 24), time(8))  # offers for the 3rd of December close on Thursday the 26th, 23:59


@pytest.fixture
def fermes(base: str) -> tuple[int, int, int]:
    """An open week; a farm that has offered a product for it and another that has not: (week, silent, eager)."""
    with transaction() as session:
        week = fabriques.semaine(session, JEUDI)
        before = fabriques.semaine(session, JEUDI - timedelta(weeks=1), etat="terminee")
        silent, eager = (fabriques.producteur(session).id for _ in range(2))
        product = fabriques.produit(session, "Carotte").id
        fabriques.offre(session, week.id, eager, product)
        fabriques.offre(session, before.id, silent, product, quantite=40_000)
        return week.id, silent, eager


def ecrire() -> list[str]:
    """What the actor of the fact writes; returns the subjects of all messages so far."""
    with transaction() as session:
        for asked in session.scalars(text("SELECT id FROM demande_offre ORDER BY id")).all():
            courriels_producteurs.offres_demandees(session, OffresDemandees(asked).demande_id)
        return list(session.scalars(text("SELECT subject FROM mail ORDER BY id")))


def test_a_silent_farm_is_asked_two_days_before_and_reminded_on_the_eve(fermes: tuple[int, int, int]) -> None:
    demander_les_offres(MARDI_8_H - timedelta(seconds=1))
    assert faits("OffresDemandees") == 0
    for _twice in range(2):
        demander_les_offres(MARDI_8_H)
    assert faits("OffresDemandees") == 1
    demander_les_offres(MARDI_8_H + timedelta(days=1))
    assert faits("OffresDemandees") == 2
    clock.set_now(MARDI_8_H + timedelta(days=1))
    told = ecrire()
    assert ecrire() == told, "each once"
    assert [said.startswith("Rappel") for said in told] == [False, True]


def test_an_outage_asks_later_and_nobody_is_asked_once_it_is_too_late(fermes: tuple[int, int, int]) -> None:
    week = fermes[0]
    demander_les_offres(MARDI_8_H + timedelta(days=2))
    assert faits("OffresDemandees") == 2, "late, but there is still the evening"
    with transaction() as session:
        session.execute(text("DELETE FROM demande_offre"))
        limit = session.execute(text("SELECT offres_jusqu_a FROM semaine WHERE id = :w"), {"w": week}).scalar_one()
    demander_les_offres(limit)
    assert faits("OffresDemandees") == 2


def test_a_farm_that_offers_meanwhile_is_not_written_to(fermes: tuple[int, int, int]) -> None:
    week, silent, _eager = fermes
    demander_les_offres(MARDI_8_H)
    with transaction() as session:
        fabriques.offre(session, week, silent, fabriques.produit(session, "Navet").id)
    assert ecrire() == []


def test_without_its_row_a_farm_would_be_asked_again(fermes: tuple[int, int, int]) -> None:
    """The negative control: the row is what makes it once."""
    demander_les_offres(MARDI_8_H)
    with transaction() as session:
        session.execute(text("DELETE FROM demande_offre"))
    demander_les_offres(MARDI_8_H)
    assert faits("OffresDemandees") == 2


def test_both_nights_of_the_changing_clock_ask_at_eight_in_the_morning() -> None:
    for day in (date(2026, 3, 31), date(2026, 10, 27)):
        assert demande_due(paris(day, time(23, 59)), 1) == paris(day - timedelta(days=2), time(8))


def test_an_order_without_an_answer_is_reminded_of_once_for_each_version(base: str) -> None:
    semaine = ordonner()
    tuesday = paris(date(2026, 11, 24), time(10))
    relancer_les_commandes(tuesday - timedelta(seconds=1))
    assert faits("CommandeRelancee") == 0
    with transaction() as session:
        repondre(session, semaine.commandes[1], message=None, instant=semaine.bourg.apres(hours=9))
    for _twice in range(2):
        relancer_les_commandes(tuesday)
    assert faits("CommandeRelancee") == 1, "the one that has answered is left in peace"
    clock.set_now(tuesday)
    for _twice in range(2):
        with transaction() as session:
            courriels_producteurs.commande_relancee(session, semaine.commandes[0])
            courriels_producteurs.commande_relancee(session, semaine.commandes[1])
    assert compter("SELECT count(*) FROM mail") == 1
    with transaction() as session:
        wanted = demande({semaine.carottes: 250, semaine.chou: 1})
        corriger(session, semaine.bourg.semaine, wanted, instant=tuesday + timedelta(hours=4), par=None)
    relancer_les_commandes(tuesday + timedelta(days=1))
    assert faits("CommandeRelancee") == 2


# The link.


def page(app: Flask, week: int, farm: int) -> tuple[Visite, str]:
    clock.set_now(MARDI_8_H)
    return Visite(app), f"/producteur/semaine/{jeton_d_offres(farm, week)}"


def test_the_link_repeats_changes_and_withdraws_offers_without_a_password(
    app: Flask, fermes: tuple[int, int, int]
) -> None:
    week, silent, _eager = fermes
    visit, here = page(app, week, silent)
    product = compter("SELECT min(id) FROM produit")
    mine = f"SELECT coalesce(sum(quantite), 0) FROM offre WHERE semaine_id = {week} AND producteur_id = {silent}"  # noqa: S608
    assert "Reprendre ma dernière offre" in mots(visit.lire(here))
    assert compter(mine) == 0, "opening changes nothing"
    visit.poster(here)
    assert compter(mine) == 40_000
    answer = visit.poster(f"{here}/produit/{product}", quantite="25", lot="5", prix="1,20")
    assert answer.status_code == 303
    assert "25 kg" in mots(visit.lire(answer.location))
    visit.poster(f"{here}/produit/{product}/retirer", here)
    assert compter(mine) == 0


def test_the_link_touches_no_other_farm_and_closes_with_the_offers(app: Flask, fermes: tuple[int, int, int]) -> None:
    week, silent, _eager = fermes
    visit, here = page(app, week, silent)
    product = compter("SELECT min(id) FROM produit")
    visit.poster(f"{here}/produit/{product}/retirer", here)
    assert compter("SELECT count(*) FROM offre WHERE semaine_id = :w", w=week) == 1
    clock.set_now(MARDI_8_H + timedelta(days=3))
    closed = visit.lire(here)
    assert closed.status_code == 410
    assert "closes" in mots(closed)


def test_what_was_signed_for_something_else_opens_nothing(base: str) -> None:
    for content in (1, "x", [1], [1, "2"], {"a": 1}, None):
        with pytest.raises(Refus) as told:
            liens.offres_du_jeton(liens.OFFRES.sign(content))
        assert told.value.status == 404


def test_baskets_to_come_are_shown_without_any_household(app: Flask, fermes: tuple[int, int, int]) -> None:
    week, silent, _eager = fermes
    with transaction() as session:
        place = fabriques.maison(session).id
        household = fabriques.foyer(session, prenom="Canari", nom="Serin", maison_id=place).id
        fabriques.abonnement(session, household, place, nombre=2)
    visit, here = page(app, week, silent)
    seen = mots(visit.lire(here))
    assert "environ 2 paniers" in seen
    assert "Canari" not in seen
    assert "Serin" not in seen
    with reading() as session:
        assert session.execute(text("SELECT count(*) FROM foyer")).scalar_one() == 1


CANARIS = ("Serin", "Canarie", "canari@exemple.test", "0611223344", "+33611223344")


def semer_les_canaris() -> None:
    """Every household of the town bears the canary's name, address and telephone."""
    with transaction() as session:
        session.execute(
            text("UPDATE foyer SET nom = 'Serin', email = 'canari@exemple.test', telephone = '+33611223344'")
        )
        session.execute(text("UPDATE membre SET prenom = 'Canarie', nom = 'Serin'"))


def courriels_aux_producteurs() -> str:
    """Everything that producers are written in a week: asked, reminded, ordered, reminded, corrected."""
    semaine = ordonner()
    semer_les_canaris()
    tuesday = paris(date(2026, 11, 24), time(10))
    with transaction() as session:
        courriels_producteurs.commande(session, semaine.commandes[0])
    for day in range(2):
        demander_les_offres(MARDI_8_H + timedelta(days=day))
        clock.set_now(MARDI_8_H + timedelta(days=day))
        ecrire()
    clock.set_now(tuesday)
    with transaction() as session:
        courriels_producteurs.commande_relancee(session, semaine.commandes[0])
        wanted = demande({semaine.carottes: 250, semaine.chou: 1})
        corriger(session, semaine.bourg.semaine, wanted, instant=tuesday + timedelta(hours=4), par=None)
        courriels_producteurs.commande(session, semaine.commandes[0])
    with reading() as session:
        sent = session.execute(text("SELECT key, subject || text || html AS said FROM mail ORDER BY id")).all()
    kinds = [row.key.split(":")[0] for row in sent]
    assert {kind: kinds.count(kind) for kind in kinds} == {"commande": 2, "offres": 6, "relance": 1}
    return "".join(row.said for row in sent)


def test_no_mail_to_a_producer_names_a_household(base: str) -> None:
    said = courriels_aux_producteurs()
    assert [canary for canary in CANARIS if canary in said] == []


def test_the_canary_sings_when_a_mail_does_name_one(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: a household's name where the producer's stands is found."""
    monkeypatch.setattr("tests.fabriques.producteur", partial(fabriques.producteur, contact="Canarie Serin"))
    assert "Canarie Serin" in courriels_aux_producteurs()

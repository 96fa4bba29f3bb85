"""A place that is offered: accepted, declined, left to pass, and found by oneself."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from paniers import horaires
from paniers.abonnements import quitter
from paniers.attente import DELAI_DE_REPONSE, accepter_place, quitter_attente
from paniers.versions import en_cours
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, compter
from tests.paniers.file_attente import (
    SEMAINE,
    abonner,
    accepter,
    attendre,
    bourg,
    etats,
    faits,
    foyer,
    partir,
    petite,
    quitter_attente_,
    tient,
)

__all__ = ["bourg", "petite"]


def test_who_accepts_is_subscribed_and_hears_of_it_once(bourg: Bourg, petite: int) -> None:
    who = foyer(bourg)
    request = attendre(bourg, petite, foyer_id=who)
    partir(petite, bourg.avant(days=2))
    told = faits("AbonnementSouscrit")
    made = accepter(request, bourg.avant(days=1))
    assert accepter(request, bourg.avant(hours=20)) == made, "accepting twice is accepting once"
    with transaction() as session:
        version = en_cours(session, who, JEUDI)
        assert version is not None
        assert (version.maison_id, version.debut, version.attente_id) == (petite, JEUDI, request)
    assert faits("AbonnementSouscrit") == told + 1
    assert etats(request) == ["acceptee"]
    assert tient(bourg.avant(hours=20))


def test_accepting_after_a_cutoff_begins_a_week_later(bourg: Bourg, petite: int) -> None:
    who = foyer(bourg)
    request = attendre(bourg, petite, foyer_id=who)
    partir(petite, bourg.avant(hours=5))
    accepter(request, bourg.apres(hours=1))
    with transaction() as session:
        version = en_cours(session, who, JEUDI)
        assert version is not None
        assert version.debut == JEUDI + SEMAINE


def test_who_is_subscribed_elsewhere_moves_and_frees_its_place(bourg: Bourg, petite: int) -> None:
    with transaction() as session:
        other = fabriques.maison(session, places=1).id
    who = foyer(bourg)
    subscription = abonner(bourg, other, foyer_id=who)
    request, behind = attendre(bourg, petite, foyer_id=who), attendre(bourg, other, days=3)
    partir(petite, bourg.avant(days=2))
    assert etats(behind) == ["en_attente"], "until it accepts, its place is its own"
    assert accepter(request, bourg.avant(days=1)) == subscription
    with transaction() as session:
        version = en_cours(session, who, JEUDI)
        assert version is not None
        assert (version.maison_id, version.debut, version.fin) == (petite, JEUDI, JEUDI + 12 * SEMAINE)
    assert etats(behind) == ["offerte"]
    assert compter("SELECT count(*) FROM abonnement WHERE foyer_id = :f", f=who) == 1
    assert tient(bourg.avant(days=1))


def test_an_offer_that_nobody_answers_goes_on_to_the_next(bourg: Bourg, petite: int) -> None:
    first, second = attendre(bourg, petite, days=4), attendre(bourg, petite, days=3)
    partir(petite, bourg.avant(days=2))
    late = bourg.avant(days=2) + DELAI_DE_REPONSE
    horaires.proposer_les_places(late - timedelta(seconds=1))
    assert etats(first, second) == ["offerte", "en_attente"]
    with pytest.raises(Refus, match="allée à une autre famille"):
        accepter(first, late)
    for _ in range(2):
        horaires.proposer_les_places(late)
    assert etats(first, second) == ["expiree", "offerte"]
    assert (faits("OffreExpiree"), faits("PlaceOfferte")) == (1, 2)
    assert tient(late)


def test_who_left_is_offered_nothing_more(bourg: Bourg, petite: int) -> None:
    who = foyer(bourg)
    subscription = abonner(bourg, bourg.maisons[0], foyer_id=who)
    waiting, gone = attendre(bourg, petite, foyer_id=who), attendre(bourg, petite, days=3)
    with transaction() as session:
        quitter(session, subscription, instant=bourg.avant(days=3))
    quitter_attente_(gone, bourg.avant(days=2))
    quitter_attente_(gone, bourg.avant(days=2))
    partir(petite, bourg.avant(days=1))
    assert etats(waiting, gone) == ["retiree", "retiree"]
    assert faits("PlaceOfferte") == 0


def test_who_finds_a_place_there_by_itself_waits_no_longer(bourg: Bourg, petite: int) -> None:
    who = foyer(bourg)
    request = attendre(bourg, petite, foyer_id=who)
    partir(petite, bourg.avant(days=2))
    assert abonner(bourg, petite, foyer_id=who, days=1), "its own offer stands in nobody's way, least of all its own"
    assert etats(request) == ["acceptee"]
    assert tient(bourg.avant(days=1))


def test_nobody_overtakes_the_list_even_before_the_timetable(bourg: Bourg, petite: int) -> None:
    waiting = attendre(bourg, petite)
    with transaction() as session:
        session.execute(text("UPDATE maison SET places = 3 WHERE id = :m"), {"m": petite})
    with pytest.raises(Refus, match="complète"):
        abonner(bourg, petite, days=1)
    horaires.proposer_les_places(bourg.avant(days=1))
    assert etats(waiting) == ["offerte"]


def test_a_maison_made_smaller_evicts_nobody(bourg: Bourg, petite: int) -> None:
    waiting = attendre(bourg, petite)
    with transaction() as session:
        session.execute(text("UPDATE maison SET places = 1 WHERE id = :m"), {"m": petite})
    horaires.proposer_les_places(bourg.avant(days=2))
    assert tient(bourg.avant(days=2))
    partir(petite, bourg.avant(days=2))
    assert etats(waiting) == ["en_attente"]
    partir(petite, bourg.avant(days=1))
    assert etats(waiting) == ["offerte"]
    assert tient(bourg.avant(days=1))


def test_what_does_not_exist_is_not_found(bourg: Bourg) -> None:
    for act in (accepter_place, quitter_attente):
        with pytest.raises(Introuvable), transaction() as session:
            act(session, 10**9, instant=bourg.avant(days=1))

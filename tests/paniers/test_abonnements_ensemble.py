"""Several at once on the same places, or on the same subscription; and what the database itself refuses."""

import threading
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.clock import paris
from kernel.db import transaction
from kernel.errors import Refus
from paniers import abonnements, places
from paniers.abonnements import (
    changer_maison,
    mettre_en_pause,
    quitter,
    souscrire,
)
from paniers.models.semaines import Abonnement, AbonnementVersion, Semaine
from paniers.places import occupations
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, batir, compter, ensemble
from tests.paniers.test_abonnements import SEMAINE, abonner, version


@pytest.fixture
def bourg(base: str) -> Bourg:
    with transaction() as session:
        return batir(session)


def familles(bourg: Bourg, maison: int, combien: int) -> list[Callable[[Session], Abonnement]]:
    with transaction() as session:
        households = [fabriques.foyer(session, maison_id=maison).id for _ in range(combien)]

    def take(foyer: int) -> Callable[[Session], Abonnement]:
        return lambda session: souscrire(
            session, foyer_id=foyer, maison_id=maison, nombre=1, instant=bourg.avant(hours=1)
        )

    return [take(foyer) for foyer in households]


def prises(maison: int) -> int:
    with transaction() as session:
        return occupations(session, JEUDI)[maison].abonnes


def test_many_families_on_the_last_places_never_take_one_too_many(bourg: Bourg) -> None:
    with transaction() as session:
        maison = fabriques.maison(session, places=3).id
    outcomes = ensemble(familles(bourg, maison, 8))
    assert sum(isinstance(found, Abonnement) for found in outcomes) == 3 == prises(maison)
    assert all(isinstance(found, (Abonnement, Refus)) for found in outcomes), outcomes


def test_without_the_lock_on_the_maison_places_are_oversold(bourg: Bourg, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the test above."""
    with transaction() as session:
        maison = fabriques.maison(session, places=3).id
    _sans_verrou(monkeypatch, "exiger_des_places", 8)
    ensemble(familles(bourg, maison, 8))
    assert prises(maison) > 3


def test_subscribers_who_change_maison_never_fill_it_beyond_its_places(bourg: Bourg) -> None:
    with transaction() as session:
        maison = fabriques.maison(session, places=2).id

    def move(abonnement_id: int) -> Callable[[Session], object]:
        return lambda session: changer_maison(session, abonnement_id, maison_id=maison, instant=bourg.avant(hours=1))

    outcomes = ensemble([*map(move, [abonner(bourg) for _ in range(5)]), *familles(bourg, maison, 3)])
    assert prises(maison) == 2
    assert sum(isinstance(found, Refus) for found in outcomes) == 6, outcomes


def deux_onglets(bourg: Bourg) -> list[Callable[[Session], Abonnement]]:
    with transaction() as session:
        foyer = fabriques.foyer(session, maison_id=bourg.maisons[0]).id

    def take(maison: int) -> Callable[[Session], Abonnement]:
        return lambda session: souscrire(
            session, foyer_id=foyer, maison_id=maison, nombre=1, instant=bourg.avant(hours=1)
        )

    return [take(maison) for maison in bourg.maisons]


def test_two_tabs_of_a_household_subscribe_once(bourg: Bourg) -> None:
    outcomes = ensemble(deux_onglets(bourg))
    assert compter("SELECT count(*) FROM abonnement") == 1
    (told,) = [found for found in outcomes if isinstance(found, Exception)]
    assert isinstance(told, Refus)
    assert "déjà abonné" in told.sentence


def test_without_the_lock_on_the_household_two_tabs_subscribe_twice(
    bourg: Bourg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    _sans_verrou(monkeypatch, "exiger_des_places", 2)
    ensemble(deux_onglets(bourg))
    assert compter("SELECT count(*) FROM abonnement") == 2


def test_two_tabs_that_change_a_subscription_at_once_are_both_heard(bourg: Bourg) -> None:
    subscription = abonner(bourg)
    outcomes = ensemble(
        [
            lambda session: changer_maison(
                session, subscription, maison_id=bourg.maisons[1], instant=bourg.avant(minutes=10)
            ),
            lambda session: quitter(session, subscription, instant=bourg.avant(minutes=10, seconds=1)),
            lambda session: mettre_en_pause(session, subscription, du=JEUDI, au=JEUDI, instant=bourg.avant(minutes=9)),
        ]
    )
    refused = [found for found in outcomes if isinstance(found, Exception)]
    assert all(isinstance(found, Refus) and "terminé" in found.sentence for found in refused), outcomes
    assert version(subscription).fin < JEUDI, "it has been left, whoever came first"


def test_what_was_said_a_moment_earlier_and_comes_later_is_written_after(bourg: Bourg) -> None:
    subscription = abonner(bourg)
    with transaction() as session:
        changer_maison(session, subscription, maison_id=bourg.maisons[1], instant=bourg.avant(minutes=5))
    with transaction() as session:
        quitter(session, subscription, instant=bourg.avant(minutes=6))
    assert version(subscription).depuis == bourg.avant(minutes=5)


def test_the_database_holds_one_version_in_force(bourg: Bourg) -> None:
    subscription = abonner(bourg)
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(
            AbonnementVersion(
                abonnement_id=subscription,
                depuis=bourg.avant(hours=1),
                maison_id=bourg.maisons[1],
                nombre=1,
                debut=JEUDI,
                fin=JEUDI,
            )
        )


def test_a_week_that_is_moved_keeps_the_days_of_its_subscriptions(base: str) -> None:
    with transaction() as session:
        bourg = batir(session)
        week = session.get_one(Semaine, bourg.semaine)
        week.cloture_le = paris(date(2026, 11, 21), paris(JEUDI).time())
    assert version(abonner(bourg, instant=bourg.avant(hours=2))).debut == JEUDI + SEMAINE


def _sans_verrou(monkeypatch: pytest.MonkeyPatch, check: str, racers: int) -> None:
    """Take the locks away, and let nobody write before everybody has checked."""
    real = getattr(abonnements, check)
    checked = threading.Barrier(racers)

    def check_then_wait(*given: object, **named: object) -> None:
        real(*given, **named)
        checked.wait(30)

    monkeypatch.setattr(places, "VERROU", None)
    monkeypatch.setattr(abonnements, check, check_then_wait)

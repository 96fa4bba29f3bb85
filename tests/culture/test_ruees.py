"""Rushes on the last seats (reliability, rows 18 and 19): never one too many, no group split, nobody left who fits.

Two hundred at once are in `test_deux_cents`.
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from culture import attente, inscriptions
from culture.attente import accepter, laisser
from culture.inscriptions import annuler, inscrire
from culture.models.sorties import Sortie
from kernel.db import transaction
from kernel.errors import Refus
from tests.conftest import forget_settings
from tests.culture.bourg import MAINTENANT, Gens, Saison, batir, fautes, habiter, reserver
from tests.culture.ruee import PARTAGEES
from tests.culture.test_inscriptions import tenues
from tests.paniers.bourg import compter, ensemble


@pytest.fixture
def saison(base: str, monkeypatch: pytest.MonkeyPatch) -> Saison:
    monkeypatch.setenv("DB_POOL_SIZE", "40")  # each client of a rush has its connection before it begins
    forget_settings()
    with transaction() as session:
        return batir(session)


def ruee(season: Saison, people: list[Gens]) -> Counter[str]:
    """Everybody books at once; how many were let in, were refused, or met an error."""

    def book(who: Gens) -> Callable[[Session], str]:
        def act(session: Session) -> str:
            inscrire(
                session, sortie_id=season.sortie, foyer_id=who.foyer, personnes=who.personnes(), instant=MAINTENANT
            )
            return "in"

        return act

    said = ensemble([book(who) for who in people])
    return Counter(one if isinstance(one, str) else type(one).__name__ for one in said)


def sans_verrou(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the application's lock away: the outing is only read."""

    def read(session: Session, sortie_id: int) -> Sortie:
        return session.get_one(Sortie, sortie_id, populate_existing=True)

    monkeypatch.setattr(inscriptions, "verrouiller_sortie", read)


def test_forty_clients_on_the_last_ten_seats_take_exactly_ten(saison: Saison) -> None:
    assert ruee(saison, habiter(saison, [1] * 40)) == {"in": 10, "Refus": 30}
    assert tenues(saison) == 10
    assert fautes() == []


def test_without_the_lock_the_database_still_refuses_one_too_many(
    saison: Saison, monkeypatch: pytest.MonkeyPatch
) -> None:
    sans_verrou(monkeypatch)
    said = ruee(saison, habiter(saison, [1] * 20))
    assert tenues(saison) == 10
    assert said["in"] == 10
    assert set(said) <= {"in", "Refus", IntegrityError.__name__}


def test_without_lock_and_count_the_outing_is_oversold(saison: Saison, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of both guards; and the verifier sees it."""
    sans_verrou(monkeypatch)
    with transaction() as session:
        session.execute(
            text("ALTER TABLE place_sortie DISABLE TRIGGER places_never_oversold, DISABLE TRIGGER seats_never_oversold")
        )
    assert ruee(saison, habiter(saison, [1] * 20))["in"] > 10
    assert any("places tenues pour 10" in fault for fault in fautes())


@pytest.mark.parametrize(
    "graine", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)]
)
def test_groups_offers_and_cancellations_at_once_never_oversell_nor_split(saison: Saison, graine: int) -> None:
    """Groups of one to six ask; at once some give back, accept or leave. At rest whoever fits has an offer."""
    draw = random.Random(graine)
    with transaction() as session:
        session.execute(text("UPDATE sortie SET places = 12"))
    people = habiter(saison, [draw.randint(1, 6) for _ in range(14)])
    asked = [
        reserver(saison, who, attendre=True, instant=MAINTENANT + timedelta(seconds=n)).id
        for n, who in enumerate(people)
    ]
    clock_at = MAINTENANT + timedelta(hours=1)
    for _round in range(3):
        said = ensemble([_geste(draw, key, clock_at) for key in asked])
        assert [one for one in said if isinstance(one, Exception) and not isinstance(one, Refus)] == []
        assert tenues(saison) <= 12
        clock_at += timedelta(hours=1)
    attente.servir_ce_qui_est_libre(clock_at)
    assert fautes(clock_at) == []
    assert compter(PARTAGEES) == 0


def _geste(draw: random.Random, key: int, at: datetime) -> Callable[[Session], None]:
    choice = draw.choice(("accepter", "laisser", "annuler", "annuler_un", "servir"))

    def act(session: Session) -> None:
        if choice == "accepter":
            accepter(session, key, instant=at)
        elif choice == "laisser":
            laisser(session, key, instant=at)
        elif choice == "annuler":
            annuler(session, key, instant=at)
        elif choice == "annuler_un":
            one = session.scalar(text("SELECT max(id) FROM place_sortie WHERE inscription_id = :i"), {"i": key})
            annuler(session, key, places=[one], instant=at)
        else:
            _row, outing = attente.verrouiller(session, key)
            attente.servir(session, outing, at)

    return act

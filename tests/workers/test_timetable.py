"""The timetable: each week's steps once, however many look at it; one task that fails holds nobody back."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from kernel import clock
from kernel.clock import paris
from kernel.db import transaction
from kernel.errors import Refus
from tests import fabriques
from tests.conftest import forget_settings
from tests.paniers import bourg
from tests.paniers.bourg import compter
from tests.scenarios.conftest import atelier, pepiniere
from tests.scenarios.ouvriers import Atelier

__all__ = ["atelier", "pepiniere"]

JEUDI = date(2026, 11, 26)


@pytest.fixture
def timetable(base: str) -> Iterator[ModuleType]:
    from workers import timetable as loaded  # noqa: PLC0415 - actors want settings

    yield loaded
    clock.set_now(None)


def bourg_compose() -> None:
    """Four households, and a composition for the week of JEUDI."""
    with transaction() as session:
        place = bourg.batir(session, JEUDI)
        for _ in range(4):
            foyer = fabriques.foyer(session, maison_id=place.maisons[0])
            fabriques.quotient(session, foyer.id, 650)
            fabriques.abonnement(session, foyer.id, place.maisons[0])
        offer = fabriques.offre(session, place.semaine, fabriques.producteur(session).id, fabriques.produit(session).id)
        fabriques.composition(session, place.semaine, {offer.id: 3500})


def test_several_timetables_at_once_take_each_step_of_a_week_once(
    atelier: Atelier, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bourg_compose()
    monkeypatch.setenv("CLOCK_SHIFT_FILE", str(tmp_path / "horloge"))
    forget_settings()
    clock.write_shift(tmp_path / "horloge", paris(JEUDI - timedelta(days=6), time(12)))
    for _ in range(3):
        atelier.calendrier({"TIMETABLE_POLL_SECONDS": "0.1"})
    steps = [
        (paris(JEUDI - timedelta(days=3), time(0, 30)), "cloturee"),
        (paris(JEUDI - timedelta(days=3), time(6, 0, 1)), "commandee"),
        (paris(JEUDI + timedelta(days=1), time(7)), "terminee"),
    ]
    for instant, state in steps:
        clock.write_shift(tmp_path / "horloge", instant)
        reached = "SELECT count(*) FROM semaine WHERE retrait_le = :day AND etat = :state"
        atelier.attendre(lambda: compter(reached, day=JEUDI, state=state) == 1)  # noqa: B023 - called in this very turn
    assert all(one.arreter() < 30 for one in atelier.enfants)
    week = "FROM semaine_etape e JOIN semaine s ON s.id = e.semaine_id WHERE s.retrait_le = :day"
    assert compter(f"SELECT count(*) {week}", day=JEUDI) == 3
    assert compter(f"SELECT count(DISTINCT e.vers) {week}", day=JEUDI) == 3
    assert compter("SELECT count(*) FROM panier") == 4
    assert compter("SELECT count(*) FROM commande") == 1
    for fact in ("SemaineCloturee", "CommandeEmise", "SemaineTerminee"):
        assert compter("SELECT count(*) FROM outbox_fact WHERE name = :fact", fact=fact) == 1
    assert compter("SELECT count(*) FROM semaine") == compter("SELECT count(DISTINCT code) FROM semaine") >= 6


def test_control_without_its_lock_a_week_is_closed_by_two_or_fails(
    base: str, monkeypatch: pytest.MonkeyPatch, timetable: ModuleType
) -> None:
    """Without the lock both read an open week: only the unique keys of the baskets are left to refuse the second."""
    from paniers import cloture  # noqa: PLC0415
    from paniers.models.semaines import Semaine  # noqa: PLC0415

    bourg_compose()
    after = paris(JEUDI - timedelta(days=3), time(0, 30))
    monkeypatch.setattr(cloture, "verrouiller", lambda session, week: session.get_one(Semaine, week))
    week = compter("SELECT id FROM semaine WHERE retrait_le = :day", day=JEUDI)
    done = bourg.ensemble([lambda session: cloture.cloturer(session, week, instant=after)] * 2)
    assert any(isinstance(one, Exception) for one in done)


@pytest.mark.parametrize("fault", [KeyError("a bug"), Refus("Pas encore."), RuntimeError("another")])
def test_a_task_that_fails_holds_nobody_back(timetable: ModuleType, fault: Exception) -> None:
    did: list[datetime] = []

    def fails(instant: datetime) -> None:
        raise fault

    for task in (fails, did.append, fails, did.append):
        timetable.attempt(task)
    assert len(did) == 2


def test_a_database_that_is_away_is_waited_for(timetable: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nowhere")
    forget_settings()
    for task in timetable.TASKS:
        timetable.attempt(task)
    forget_settings()

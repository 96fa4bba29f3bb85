"""A small place to test weeks in: two maisons, a tariff, a few open weeks; and threads that start together."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.db import transaction
from tests import fabriques

T = TypeVar("T")
JEUDI = date(2026, 11, 26)
PATIENCE = 60


@dataclass(frozen=True)
class Bourg:
    """Keys of a place: its maisons, its open weeks by order, and the cut-off and pick-up day of the first."""

    maisons: tuple[int, int]
    semaines: tuple[int, ...]
    cloture_le: datetime
    retrait_le: date

    @property
    def semaine(self) -> int:
        return self.semaines[0]

    def avant(self, **ecart: float) -> datetime:
        """An instant before the first cut-off."""
        return self.cloture_le - timedelta(**ecart)

    def apres(self, **ecart: float) -> datetime:
        return self.cloture_le + timedelta(**ecart)


def batir(session: Session, retrait_le: date = JEUDI, *, semaines: int = 3, places: int = 100) -> Bourg:
    """Two maisons with `places` each, the default grid, `semaines` open weeks from `retrait_le` on."""
    fabriques.grille(session)
    fabriques.calendrier(session)
    one, other = (fabriques.maison(session, places=places).id for _ in range(2))
    weeks = [fabriques.semaine(session, retrait_le + timedelta(weeks=n)) for n in range(semaines)]
    return Bourg((one, other), tuple(week.id for week in weeks), weeks[0].cloture_le, retrait_le)


def ensemble(gestes: Sequence[Callable[[Session], T]]) -> list[T | Exception]:
    """Run each in its own transaction, thread and connection, all let go at once; what each returned or raised."""
    gate = threading.Barrier(len(gestes))
    outcomes: list[T | Exception] = [TimeoutError("never ended") for _ in gestes]

    def run(number: int, geste: Callable[[Session], T]) -> None:
        try:
            with transaction() as session:
                session.execute(text("SELECT 1"))  # connected before the race begins
                gate.wait(PATIENCE)
                outcomes[number] = geste(session)
        except Exception as error:  # noqa: BLE001  (it is the outcome)
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(gestes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return outcomes


def compter(query: str, **given: object) -> int:
    with transaction() as session:
        return int(session.execute(text(query), given).scalar_one() or 0)


def peupler(session: Session, bourg: Bourg, foyers: list[tuple[int, int, int | None]]) -> None:
    """Households as (maison, baskets, quotient)."""
    for where, nombre, quotient in foyers:
        foyer = fabriques.foyer(session, maison_id=bourg.maisons[where]).id
        fabriques.abonnement(session, foyer, bourg.maisons[where], nombre=nombre)
        if quotient is not None:
            fabriques.quotient(session, foyer, quotient)

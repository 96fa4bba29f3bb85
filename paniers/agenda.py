"""When and where baskets are really handed out: the one place that knows, for every page, document and message.

A week is named by its nominal pick-up day. A maison's hand-out may depart from it (`Distribution`): read an `Agenda`
for some weeks by one query, then ask it for as many appointments as a page needs.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from foyers.models import Maison
from paniers.models.distributions import Distribution, Nature
from paniers.models.semaines import Semaine

# A basket that is not fetched on its evening is kept until the next day's opening, no longer: it is fresh food.
GARDE = timedelta(days=1)


class SemaineNommee(Protocol):
    """What is asked of a week: its key and its nominal pick-up day."""

    @property
    def id(self) -> int: ...
    @property
    def retrait_le(self) -> date: ...


@dataclass(frozen=True, slots=True)
class RendezVous:
    """Where (`maison_id`), on which day and at what hours the baskets of a maison are handed out one week.

    `annulee`: they are not. `deplacee`: not on the nominal day or not at the usual hours; `ailleurs`: not at this
    maison. `motif` says why, in words that families read; `decision_id` is the decision that departs, if any.
    """

    maison_id: int
    jour: date
    debut: time
    fin: time
    annulee: bool = False
    deplacee: bool = False
    ailleurs: bool = False
    motif: str = ""
    decision_id: int | None = None

    @property
    def garde_jusqu_au(self) -> date:
        """The last day on which a basket that was not fetched can still be."""
        return self.jour + GARDE

    @property
    def change(self) -> bool:
        """Whether anything departs from the calendar."""
        return self.annulee or self.deplacee or self.ailleurs


@dataclass(frozen=True, slots=True)
class Agenda:
    """The appointments of some weeks. `heures` are the usual ones of each maison."""

    heures: Mapping[int, tuple[time, time]]
    decisions: Mapping[tuple[int, int | None], Distribution]

    def rendez_vous(self, semaine: SemaineNommee, maison_id: int) -> RendezVous:
        """When and where the baskets of this maison are handed out that week."""
        for_all, its_own = self.decisions.get((semaine.id, None)), self.decisions.get((semaine.id, maison_id))
        if for_all is not None and for_all.nature == Nature.ANNULEE:
            return self._annule(semaine, maison_id, for_all)
        if its_own is not None and its_own.nature == Nature.ANNULEE:
            return self._annule(semaine, maison_id, its_own)
        if its_own is not None and its_own.chez_id is not None:
            return self._chez(semaine, its_own, its_own.chez_id)
        moved = its_own if its_own is not None and its_own.nature == Nature.DEPLACEE else for_all
        if moved is None or moved.jour is None:
            return RendezVous(maison_id, semaine.retrait_le, *self.heures[maison_id])
        start, end = self.heures[maison_id]
        return RendezVous(
            maison_id,
            moved.jour,
            moved.debut or start,
            moved.fin or end,
            deplacee=True,
            motif=moved.motif,
            decision_id=moved.id,
        )

    def decide(self, semaine: SemaineNommee, maison_id: int) -> bool:
        """Whether something was decided of this maison's hand-out, be it that it is kept."""
        return (semaine.id, None) in self.decisions or (semaine.id, maison_id) in self.decisions

    def jours(self, semaine: SemaineNommee, maisons: Iterable[int]) -> list[date]:
        """The days on which these maisons hand out that week, in order; none when all are cancelled."""
        met = (self.rendez_vous(semaine, maison_id) for maison_id in maisons)
        return sorted({rdv.jour for rdv in met if not rdv.annulee})

    def _annule(self, semaine: SemaineNommee, maison_id: int, decision: Distribution) -> RendezVous:
        hours = self.heures[maison_id]
        return RendezVous(
            maison_id, semaine.retrait_le, *hours, annulee=True, motif=decision.motif, decision_id=decision.id
        )

    def _chez(self, semaine: SemaineNommee, decision: Distribution, chez_id: int) -> RendezVous:
        """At the other maison, as that one hands out itself; its own absence is its own affair (no chains)."""
        for_all, its_own = self.decisions.get((semaine.id, None)), self.decisions.get((semaine.id, chez_id))
        moved = its_own if its_own is not None and its_own.nature == Nature.DEPLACEE else for_all
        start, end = self.heures[chez_id]
        return RendezVous(
            chez_id,
            (moved.jour if moved else None) or semaine.retrait_le,
            (moved.debut if moved else None) or start,
            (moved.fin if moved else None) or end,
            annulee=its_own is not None and its_own.nature == Nature.ANNULEE,
            deplacee=moved is not None and moved.jour is not None,
            ailleurs=True,
            motif=decision.motif,
            decision_id=decision.id,
        )


def distribue(known: Agenda, semaine: SemaineNommee, maison_id: int) -> bool:
    """Whether baskets are handed out at this very maison that week."""
    rdv = known.rendez_vous(semaine, maison_id)
    return not rdv.annulee and not rdv.ailleurs


def agenda(session: Session, semaines: Collection[int]) -> Agenda:
    """The appointments of these weeks, for every maison. One query."""
    its_own = or_(Distribution.maison_id == Maison.id, Distribution.maison_id.is_(None))
    in_force = and_(Distribution.semaine_id.in_(semaines), Distribution.jusqu_a.is_(None), its_own)
    rows = session.execute(
        select(Maison.id, Maison.retrait_debut, Maison.retrait_fin, Distribution).outerjoin(Distribution, in_force)
    ).all()
    decisions: list[Distribution | None] = [row[3] for row in rows]
    return Agenda(
        {row[0]: (row[1], row[2]) for row in rows},
        {(made.semaine_id, made.maison_id): made for made in decisions if made is not None},
    )


def rendez_vous(session: Session, semaine: SemaineNommee, maison_id: int) -> RendezVous:
    """One appointment, for who needs no other."""
    return agenda(session, [semaine.id]).rendez_vous(semaine, maison_id)


def dernier_jour() -> ColumnElement[date]:
    """In a query of `Semaine`: the last day on which any of its baskets is handed out."""
    moved = (
        select(func.max(Distribution.jour))
        .where(Distribution.semaine_id == Semaine.id, Distribution.jusqu_a.is_(None))
        .correlate(Semaine)
    )
    for_all = moved.where(Distribution.maison_id.is_(None)).scalar_subquery()
    return func.greatest(func.coalesce(for_all, Semaine.retrait_le), moved.scalar_subquery())


def un_jour_de(jour: date) -> ColumnElement[bool]:
    """In a query of `Semaine`: whether some maison hands out baskets of it on that day."""
    moved = select(Distribution.id).where(
        Distribution.semaine_id == Semaine.id, Distribution.jusqu_a.is_(None), Distribution.jour == jour
    )
    emptied = select(Distribution.id).where(
        Distribution.semaine_id == Semaine.id,
        Distribution.jusqu_a.is_(None),
        Distribution.maison_id.is_(None),
        Distribution.jour.is_not(None),
        Distribution.jour != jour,
    )
    return ((Semaine.retrait_le == jour) & ~emptied.exists()) | moved.exists()

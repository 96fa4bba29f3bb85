"""How many come, as a venue needs to know it: adults, children, who accompanies them, access needs. No name, no price
paid by a household.

An `Effectif` is counted as of an instant, and kept as JSON beside what was told (`detail`), so that the next message
can say what has changed.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from culture.models.inscriptions import Inscription, PlaceSortie
from culture.models.sorties import SortieAccompagnateur
from culture.regles.etats import LIBELLES_BESOIN, Besoin
from kernel.web.words import _


@dataclass(frozen=True, slots=True)
class Effectif:
    """`besoins`: how many ask for each welcome; only those that somebody asks for, in the order of `Besoin`."""

    adultes: int = 0
    enfants: int = 0
    accompagnateurs: int = 0
    besoins: tuple[tuple[str, int], ...] = ()

    @property
    def nombre(self) -> int:
        """The seats of households; who accompanies takes none of them."""
        return self.adultes + self.enfants

    @property
    def accueils(self) -> list[tuple[str, int]]:
        """Access needs in words, with how many."""
        return [(_(LIBELLES_BESOIN[Besoin(need)]), count) for need, count in self.besoins]

    @property
    def detail(self) -> dict[str, Any]:
        """What is kept of it."""
        return asdict(self) | {"besoins": [list(pair) for pair in self.besoins]}


def lire_detail(detail: dict[str, Any]) -> Effectif:
    """The head-count that was kept; what is missing is zero."""
    return Effectif(
        adultes=int(detail.get("adultes", 0)),
        enfants=int(detail.get("enfants", 0)),
        accompagnateurs=int(detail.get("accompagnateurs", 0)),
        besoins=tuple((str(need), int(count)) for need, count in detail.get("besoins", ())),
    )


def compter(session: Session, sortie_id: int, instant: datetime) -> Effectif:
    """Who had a confirmed seat at that instant. Who took an absent person's seat is not counted twice. Two queries."""
    held = (
        select(PlaceSortie.adulte, PlaceSortie.besoins)
        .join(Inscription, Inscription.id == PlaceSortie.inscription_id)
        .where(PlaceSortie.sortie_id == sortie_id, PlaceSortie.remplace_id.is_(None))
        .where(or_(PlaceSortie.annulee_le.is_(None), PlaceSortie.annulee_le > instant))
        .where(Inscription.confirmee_le <= instant)
        .where(or_(Inscription.close_le.is_(None), Inscription.close_le > instant))
    )
    seats = session.execute(held).all()
    adults = sum(1 for adult, _needs in seats if adult)
    needs = Counter(need for _adult, asked in seats for need in asked)
    guides = session.scalar(select(func.count()).where(SortieAccompagnateur.sortie_id == sortie_id)) or 0
    return Effectif(
        adultes=adults,
        enfants=len(seats) - adults,
        accompagnateurs=int(guides),
        besoins=tuple((str(need), needs[need]) for need in Besoin if needs[need]),
    )


def differences(avant: Effectif, apres: Effectif) -> list[tuple[str, int, int]]:
    """What has changed from one count to the next: of what, how many there were, how many there are. Pure."""
    before, after = dict(avant.besoins), dict(apres.besoins)
    told = [
        (_("Places"), avant.nombre, apres.nombre),
        (_("dont enfants"), avant.enfants, apres.enfants),
        (_("Équipe avec le groupe"), avant.accompagnateurs, apres.accompagnateurs),
        *((_(LIBELLES_BESOIN[need]), before.get(need, 0), after.get(need, 0)) for need in Besoin),
    ]
    return [(what, was, now) for what, was, now in told if was != now]

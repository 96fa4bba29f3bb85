"""What a new grid would change, told in counts: who pays more, less, the same, and what the town pays. Pure.

Nobody must be recognised in it: a line of fewer than `SEUIL` households is merged with another one, and amounts are not
told when fewer than that change price. (Shown as "moins de 5" it could be found again from the total.)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kernel.money import Euros

SEUIL = 5


class Sens(StrEnum):
    PLUS = "plus"
    MOINS = "moins"
    PAREIL = "pareil"


@dataclass(frozen=True, slots=True)
class Ligne:
    """Households for which the price goes in one of these directions."""

    sens: frozenset[Sens]
    foyers: int

    @property
    def trop_peu(self) -> bool:
        """Too few to be counted aloud; nobody at all is nobody's secret."""
        return 0 < self.foyers < SEUIL


@dataclass(frozen=True, slots=True)
class Total:
    """A week's baskets: what households pay and what they cost, in centimes."""

    paniers: int
    prix: int
    cout: int

    @property
    def moyenne(self) -> Euros:
        """What one basket is paid on average; of a town that has some."""
        return Euros.rounded(Decimal(self.prix) / self.paniers)

    @property
    def participation(self) -> int:
        return self.cout - self.prix


@dataclass(frozen=True, slots=True)
class Foyer:
    """What one basket costs a household now (None: no grid yet) and would then, in centimes; how many it takes."""

    avant: int | None
    apres: int
    nombre: int


@dataclass(frozen=True, slots=True)
class Apercu:
    """`lignes` is empty when there is nothing to compare with; totals are None when they would tell too much."""

    foyers: int
    paniers: int
    lignes: tuple[Ligne, ...]
    avant: Total | None
    apres: Total | None

    @property
    def trop_peu(self) -> bool:
        return self.foyers < SEUIL


def comparer(foyers: Iterable[Foyer], *, cout_avant: int, cout_apres: int) -> Apercu:
    """Count what the new prices change; costs are one basket's, in centimes."""
    known = list(foyers)
    baskets = sum(one.nombre for one in known)
    compared = [one for one in known if one.avant is not None]
    counts = {sens: sum(_sens(one) is sens for one in compared) for sens in Sens}
    changed = counts[Sens.PLUS] + counts[Sens.MOINS]
    told = len(known) >= SEUIL and not 0 < changed < SEUIL
    after = Total(baskets, sum(one.apres * one.nombre for one in known), cout_apres * baskets)
    before = Total(baskets, sum((one.avant or 0) * one.nombre for one in known), cout_avant * baskets)
    return Apercu(
        foyers=len(known),
        paniers=baskets,
        lignes=fondre(counts) if compared else (),
        avant=before if told and compared else None,
        apres=after if told else None,
    )


def fondre(counts: Mapping[Sens, int]) -> tuple[Ligne, ...]:
    """The counts as lines, the smallest merged until none holds fewer than SEUIL households, or one is left."""
    lines = [Ligne(frozenset({sens}), count) for sens, count in counts.items()]
    while True:
        held = sorted((line for line in lines if line.foyers), key=lambda line: line.foyers)
        if len(held) < 2 or not held[0].trop_peu:
            return tuple(lines)
        merged = Ligne(held[0].sens | held[1].sens, held[0].foyers + held[1].foyers)
        lines = [merged, *(line for line in lines if line not in held[:2])]


def _sens(one: Foyer) -> Sens:
    if one.avant is None or one.apres == one.avant:
        return Sens.PAREIL
    return Sens.PLUS if one.apres > one.avant else Sens.MOINS

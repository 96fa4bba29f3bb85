"""What new prices would change, told in counts that show nobody: who pays more, less, the same. Pure.

A line of fewer than `SEUIL` people is merged with another one: shown as "fewer than 5" it could be found again from the
total.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

SEUIL = 5


class Sens(StrEnum):
    PLUS = "plus"
    MOINS = "moins"
    PAREIL = "pareil"


@dataclass(frozen=True, slots=True)
class Ligne:
    """People for whom a seat goes in one of these directions."""

    sens: frozenset[Sens]
    personnes: int


def comparer(prix: Iterable[tuple[int, int]]) -> tuple[Ligne, ...]:
    """Count people by what their seat (now, then; centimes) becomes; nothing when they are fewer than SEUIL in all."""
    counts = dict.fromkeys(Sens, 0)
    for now, then in prix:
        counts[Sens.PAREIL if now == then else Sens.PLUS if then > now else Sens.MOINS] += 1
    lines = [Ligne(frozenset({sens}), count) for sens, count in counts.items() if count]
    while len(lines) > 1:
        first, second, *_others = sorted(lines, key=lambda line: line.personnes)
        if first.personnes >= SEUIL:
            break
        merged = Ligne(first.sens | second.sens, first.personnes + second.personnes)
        lines = [merged, *(line for line in lines if line not in (first, second))]
    return tuple(line for line in lines if line.personnes >= SEUIL)

"""What a pass and a seat cost. Pure; both grids are data.

A pass is yearly and per person: nothing for who is not liable to income tax, 12 € otherwise (the scheme's default).
A seat costs 0 to 5 €, by one of three forms of grid:

- ``unique``: one price for all;
- ``statut``: one price for holders of a free pass, one for the others;
- ``quotient``: bands by quotient familial, the last one taking the rest and who has given none.

A guest pays the grid's top price. A price never falls as the quotient rises. A grid's prices count for who books from
their day of effect on: a seat keeps the price at which it was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kernel.money import ZERO, Euros

PLAFOND = Euros(500)
PREMIER_MOIS = 9


class Forme(StrEnum):
    UNIQUE = "unique"
    STATUT = "statut"
    QUOTIENT = "quotient"


class GrilleIncoherente(ValueError):
    """The data of a grid breaks a rule of every grid; the message says which."""


@dataclass(frozen=True, slots=True)
class BaremeSortie:
    """`prix` has one more line than `seuils` (whole euros of quotient, included); both rise."""

    forme: Forme
    seuils: tuple[int, ...]
    prix: tuple[Euros, ...]

    def __post_init__(self) -> None:
        lines = {Forme.UNIQUE: 1, Forme.STATUT: 2, Forme.QUOTIENT: len(self.seuils) + 1}[self.forme]
        if len(self.prix) != lines or (self.seuils and self.forme is not Forme.QUOTIENT):
            raise GrilleIncoherente("a grid has a price for each of its lines")
        if list(self.seuils) != sorted(set(self.seuils)) or any(limit < 0 for limit in self.seuils):
            raise GrilleIncoherente("the limits of the bands rise")
        if list(self.prix) != sorted(self.prix) or not ZERO <= self.prix[0] <= self.prix[-1] <= PLAFOND:
            raise GrilleIncoherente("prices lie within 0 € and 5 €, and never fall")

    @property
    def plein(self) -> Euros:
        return self.prix[-1]

    @property
    def gratuit(self) -> bool:
        return self.plein == ZERO

    def prix_de(self, *, pass_gratuit: bool, quotient: int | None, invite: bool = False) -> Euros:
        """What one seat costs a person; `quotient` None: none is known."""
        if invite or self.forme is Forme.UNIQUE:
            return self.plein
        if self.forme is Forme.STATUT:
            return self.prix[0] if pass_gratuit else self.plein
        if quotient is None:
            return self.plein
        return next((p for limit, p in zip(self.seuils, self.prix, strict=False) if quotient <= limit), self.plein)


def bareme(forme: str, seuils: Sequence[int], prix: Sequence[int]) -> BaremeSortie:
    """Read a grid's data, prices in centimes. Raises GrilleIncoherente."""
    return BaremeSortie(Forme(forme), tuple(seuils), tuple(Euros(p) for p in prix))


@dataclass(frozen=True, slots=True)
class Saison:
    """A season runs from September to August and is named by the year in which it begins."""

    annee: int

    @property
    def du(self) -> date:
        return date(self.annee, PREMIER_MOIS, 1)

    @property
    def au(self) -> date:
        return date(self.annee + 1, PREMIER_MOIS - 1, 31)

    @property
    def nom(self) -> str:
        """``2026–2027``."""
        return f"{self.annee}–{self.annee + 1}"

    @property
    def suivante(self) -> "Saison":
        return Saison(self.annee + 1)


def saison_de(day: date) -> Saison:
    """The season that a day belongs to."""
    return Saison(day.year if day.month >= PREMIER_MOIS else day.year - 1)

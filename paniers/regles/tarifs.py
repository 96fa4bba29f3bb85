"""The tariff: a quotient familial in, the price of one basket out. Pure.

A grid is data (`Grille.regle`), in force from a pick-up day on, in one of two forms that towns use:

- ``tranches``: bands, each with the highest QF it takes; the last takes the rest and everybody without proof;
- ``lineaire``: rate × QF between a floor and a ceiling (taux d'effort).

Whatever the grid, a price is whole centimes, lies within 4.00 € and 9.00 €, and never falls as the QF rises.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from kernel.money import Euros

PLANCHER = Euros(400)
PLAFOND = Euros(900)


class GrilleIncoherente(ValueError):
    """The data of a grid breaks a rule of every grid; the message says which."""


@dataclass(frozen=True, slots=True)
class Tarif:
    """What one basket costs a household. `tranche` is the band's name, private like the QF itself."""

    prix: Euros
    tranche: str


class Bareme(Protocol):
    def tarif(self, quotient: int | None) -> Tarif:
        """The price at this QF (whole euros a month); None, no proof, pays the top price."""
        ...


@dataclass(frozen=True, slots=True)
class Tranche:
    """A band: QF up to `jusqu_a` included (None: no limit)."""

    nom: str
    jusqu_a: int | None
    prix: Euros


@dataclass(frozen=True, slots=True)
class BaremeTranches:
    tranches: tuple[Tranche, ...]

    def __post_init__(self) -> None:
        if not self.tranches or self.tranches[-1].jusqu_a is not None:
            raise GrilleIncoherente("the last band has no upper limit")
        # The data are JSON: types are not given.
        names: set[object] = {t.nom for t in self.tranches}
        if len(names) < len(self.tranches) or not all(isinstance(name, str) and name for name in names):
            raise GrilleIncoherente("each band has a name of its own")
        limits = [t.jusqu_a for t in self.tranches[:-1]]
        rising = sorted({limit for limit in limits if type(limit) is int})
        if limits != rising:
            raise GrilleIncoherente("the limits of the bands are whole euros, and rise")
        prices = [t.prix for t in self.tranches]
        if prices != sorted(prices):
            raise GrilleIncoherente("prices never fall as the QF rises")
        if not PLANCHER <= prices[0] <= prices[-1] <= PLAFOND:
            raise GrilleIncoherente("prices lie within 4 € and 9 €")

    def tarif(self, quotient: int | None) -> Tarif:
        if quotient is None:
            return self._plein()
        for tranche in self.tranches:
            if tranche.jusqu_a is None or quotient <= tranche.jusqu_a:
                return Tarif(tranche.prix, tranche.nom)
        raise AssertionError("the last band takes the rest")

    def _plein(self) -> Tarif:
        return Tarif(self.tranches[-1].prix, self.tranches[-1].nom)


@dataclass(frozen=True, slots=True)
class BaremeLineaire:
    """`taux` is the share of the monthly QF that one basket costs: 0.008 asks 8 € of a QF of 1 000."""

    taux: Decimal
    plancher: Euros
    plafond: Euros

    def __post_init__(self) -> None:
        if not 0 < self.taux <= 1:
            raise GrilleIncoherente("the rate is positive, and takes at most the whole QF")
        if not PLANCHER <= self.plancher <= self.plafond <= PLAFOND:
            raise GrilleIncoherente("floor and ceiling lie within 4 € and 9 €")

    def tarif(self, quotient: int | None) -> Tarif:
        if quotient is None:
            return Tarif(self.plafond, "plafond")
        prix = min(max(Euros.rounded(self.taux * quotient * 100), self.plancher), self.plafond)
        if prix == self.plancher:
            return Tarif(prix, "plancher")
        return Tarif(prix, "plafond" if prix == self.plafond else "lineaire")


def bareme(regle: Mapping[str, Any]) -> BaremeTranches | BaremeLineaire:
    """Read a grid's data. Raises GrilleIncoherente."""
    try:
        if regle["forme"] == "tranches":
            return BaremeTranches(
                tuple(Tranche(t["nom"], t.get("jusqu_a"), Euros(t["prix"])) for t in regle["tranches"])
            )
        if regle["forme"] == "lineaire":
            return BaremeLineaire(Decimal(str(regle["taux"])), Euros(regle["plancher"]), Euros(regle["plafond"]))
    except (KeyError, TypeError, ArithmeticError) as error:
        raise GrilleIncoherente(f"cannot be read: {error!r}") from error
    raise GrilleIncoherente("the form is tranches or lineaire")

"""From baskets to what is ordered of a product: needs per maison, whole lots over the order, surplus apart. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from paniers.regles.bilan import arrondi_au_lot


@dataclass(frozen=True, slots=True)
class Besoin:
    """Grams or pieces of one offer: `par_maison` + `surplus` = `commande`, a whole number of lots."""

    par_maison: Mapping[int, int]
    surplus: int

    @property
    def commande(self) -> int:
        return sum(self.par_maison.values()) + self.surplus


def besoin(par_panier: int, paniers_par_maison: Mapping[int, int], lot: int) -> Besoin:
    """What one offer must bring: `par_panier` for each basket of each maison, in whole lots over the whole order."""
    needs = {maison: par_panier * baskets for maison, baskets in paniers_par_maison.items() if baskets}
    total = sum(needs.values())
    return Besoin(needs, arrondi_au_lot(total, lot) - total)

"""What a composition weighs, costs and holds, and what is wrong with it. Pure.

Quantities are grams or pieces per basket; prices are centimes before tax per kilogram or piece; VAT on fresh produce
is 5.5 % and the CCAS does not recover it, so a basket's cost is with tax.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from kernel.formats import poids as en_poids
from kernel.money import Euros

TVA = Decimal("0.055")
BUDGET = Euros(750)
QUANTITE_LA_PLUS_GRANDE = 5_000  # grams or pieces in one basket: more is a slip of the hand


@dataclass(frozen=True, slots=True)
class Exigences:
    """What a basket must be (data of the scheme): weight in grams, cost in centimes, number of varieties."""

    poids: int = 3500
    tolerance: int = 350
    budget: Euros = BUDGET
    varietes: int = 4


@dataclass(frozen=True, slots=True)
class Ingredient:
    """`quantite` of one offer in each basket; `disponible` is the whole offer, `lot` its smallest sale."""

    nom: str
    quantite: int
    en_pieces: bool
    poids_piece: int | None
    prix: int
    avec_tva: bool
    disponible: int
    lot: int

    @property
    def poids(self) -> int:
        """Grams in one basket."""
        return self.quantite * (self.poids_piece or 0) if self.en_pieces else self.quantite

    @property
    def cout(self) -> Decimal:
        """Centimes with tax in one basket, not yet rounded."""
        return prix_ht(self.quantite, self.prix, en_pieces=self.en_pieces) * (1 + TVA if self.avec_tva else 1)


@dataclass(frozen=True, slots=True)
class Bilan:
    """One basket's weight (grams), cost (with tax), number of varieties, and sentences about what does not fit."""

    poids: int
    cout: Euros
    varietes: int
    alertes: tuple[str, ...]


def prix_ht(quantite: int, prix: int, *, en_pieces: bool) -> Decimal:
    """Centimes before tax of a quantity, not rounded."""
    return Decimal(quantite * prix) if en_pieces else Decimal(quantite * prix) / 1000


def bilan(ingredients: Sequence[Ingredient], paniers_prevus: int, exigences: Exigences | None = None) -> Bilan:
    """Weigh and cost one basket, and check it against the scheme and what producers offer for `paniers_prevus`."""
    wanted = exigences or Exigences()
    weight = sum(i.poids for i in ingredients)
    cost = Euros.rounded(sum((i.cout for i in ingredients), Decimal()))
    alerts = [*_du_panier(weight, cost, len(ingredients), wanted), *_des_offres(ingredients, paniers_prevus)]
    return Bilan(weight, cost, len(ingredients), tuple(alerts))


def _du_panier(weight: int, cost: Euros, varieties: int, wanted: Exigences) -> list[str]:
    alerts = []
    if weight < wanted.poids - wanted.tolerance:
        alerts.append(f"Le panier pèse {en_poids(weight)} : il manque {en_poids(wanted.poids - weight)}.")
    if weight > wanted.poids + wanted.tolerance:
        alerts.append(f"Le panier pèse {en_poids(weight)} : {en_poids(weight - wanted.poids)} de trop.")
    if cost > wanted.budget:
        alerts.append(f"Le panier coûte {cost} : {cost - wanted.budget} de plus que le budget de {wanted.budget}.")
    if varieties < wanted.varietes:
        alerts.append(f"Le panier compte {varieties} variétés : il en faut au moins {wanted.varietes}.")
    return alerts


def _des_offres(ingredients: Sequence[Ingredient], baskets: int) -> list[str]:
    alerts = []
    for ingredient in ingredients:
        need = arrondi_au_lot(ingredient.quantite * baskets, ingredient.lot)
        if need > ingredient.disponible:
            unit = (lambda n: f"{n} pièces") if ingredient.en_pieces else en_poids
            alerts.append(
                f"{ingredient.nom} : il en faut {unit(need)} pour {baskets} paniers, "
                f"l’offre est de {unit(ingredient.disponible)}."
            )
    return alerts


def arrondi_au_lot(quantite: int, lot: int) -> int:
    """The least number of whole lots that holds `quantite`."""
    return -(-quantite // lot) * lot

"""What a basket being composed is compared with: needs against offers, the producers' shares, the last weeks. Pure.

`static/js/composition.js` reckons the same while one types, in whole numbers, so that no figure jumps when the page
comes back from the server.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from paniers.regles.besoins import besoin
from paniers.regles.bilan import QUANTITE_LA_PLUS_GRANDE, Ingredient

MILLIONIEMES = 1_000_000


@dataclass(frozen=True, slots=True)
class AFournir:
    """What an offer must bring for all the baskets: whole lots (grams or pieces), and what is left over of them."""

    commande: int
    lots: int
    surplus: int
    trop: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A producer's share in the cost of this basket and of the last ones, in whole percents."""

    producteur_id: int
    producteur: str
    part: int
    recente: int


@dataclass(frozen=True, slots=True)
class LignePassee:
    """So much of a product, from a producer, in a basket of the past; the cost in centimes with tax."""

    produit_id: int
    produit: str
    producteur_id: int
    producteur: str
    quantite: int
    cout: Decimal


@dataclass(frozen=True, slots=True)
class Proposee:
    """An offer of this week that a basket may be made with."""

    offre_id: int
    produit_id: int
    producteur_id: int
    prix: int


@dataclass(frozen=True, slots=True)
class Reprise:
    """A basket of the past, made with this week's offers; `absents` are the products that nobody offers."""

    quantites: Mapping[int, int]
    absents: tuple[str, ...]


def a_fournir(ingredient: Ingredient, paniers: int) -> AFournir:
    """Needs in whole lots over the whole order, as the order will be."""
    needed = besoin(ingredient.quantite, {0: paniers}, ingredient.lot)
    total = needed.commande
    return AFournir(total, total // ingredient.lot, needed.surplus, total > ingredient.disponible)


def parts(
    actuel: Iterable[tuple[int, Decimal]], passees: Iterable[LignePassee], producteurs: Mapping[int, str]
) -> list[Part]:
    """The shares of these producers, by name; `actuel` is (producer, cost) of each line of this basket."""
    now = _pourcents(actuel)
    before = _pourcents((line.producteur_id, line.cout) for line in passees)
    named = sorted(producteurs.items(), key=lambda one: one[1])
    return [Part(key, name, now.get(key, 0), before.get(key, 0)) for key, name in named]


def fois(paniers: Iterable[Iterable[LignePassee]]) -> Counter[int]:
    """Product → in how many of these baskets it was, whoever grew it."""
    return Counter(product for basket in paniers for product in {line.produit_id for line in basket})


def reprendre(passe: Iterable[LignePassee], offres: Sequence[Proposee]) -> Reprise:
    """The same quantities with this week's offers: the same producer's where there is one, else the cheapest."""
    chosen: Counter[int] = Counter()
    absent = []
    for line in passe:
        same = [offer for offer in offres if offer.produit_id == line.produit_id]
        if not same:
            absent.append(line.produit)
            continue
        best = min(same, key=lambda offer: (offer.producteur_id != line.producteur_id, offer.prix, offer.offre_id))
        chosen[best.offre_id] += line.quantite
    kept = {offer: min(quantity, QUANTITE_LA_PLUS_GRANDE) for offer, quantity in chosen.items()}
    return Reprise(kept, tuple(dict.fromkeys(absent)))


def _pourcents(couts: Iterable[tuple[int, Decimal]]) -> dict[int, int]:
    """Each one's share of the sum, halves up; nothing when the sum is nothing."""
    by_farm: Counter[int] = Counter()
    for farm, cost in couts:
        by_farm[farm] += int(cost * MILLIONIEMES)
    total = by_farm.total()
    return {farm: (200 * cost + total) // (2 * total) for farm, cost in by_farm.items()} if total else {}

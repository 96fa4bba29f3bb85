"""What can be put in place of a product that falls short, so that every basket of the week still holds the same. Pure.

Quantities are grams or pieces, of one offer, in one basket unless they are said to be in all. What is weighed is kept
to tens of grams, as packers weigh.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PAS = 10  # grams

REDUIRE = "reduire"
RETIRER = "retirer"
COMPLETER = "offre-"
CHOIX_LES_PLUS_NOMBREUX = 5


@dataclass(frozen=True, slots=True)
class Possible:
    """An offer of the week. `disponible` in all, `par_panier` as composed now (0: not in the basket)."""

    offre_id: int
    produit_id: int
    nom: str
    producteur: str
    en_pieces: bool
    poids_piece: int | None
    disponible: int
    lot: int
    prix: int
    par_panier: int

    def poids(self, quantite: int) -> int:
        """Grams."""
        return quantite * (self.poids_piece or 0) if self.en_pieces else quantite

    def au_plus(self, paniers: int) -> int:
        """The most that each of so many baskets can hold of it, from whole lots."""
        each = self.disponible // self.lot * self.lot // paniers if paniers else 0
        return each if self.en_pieces else each // PAS * PAS


@dataclass(frozen=True, slots=True)
class Choix:
    """One way out. `quantites` are the new quantities per basket of the offers that it changes."""

    cle: str
    quantites: Mapping[int, int]
    autre: Possible | None = None


def choix(court: Possible, offres: Sequence[Possible], paniers: int) -> list[Choix]:
    """The ways out for a product that falls short: less in each basket, another offer to complete it, none at all."""
    left = min(court.au_plus(paniers), court.par_panier)
    missing = court.poids(court.par_panier - left)
    found = [Choix(REDUIRE, {court.offre_id: left})] if left else []
    for other in _par_ressemblance(court, offres):
        more = _complement(other, missing, paniers)
        if more:
            quantities = {court.offre_id: left, other.offre_id: other.par_panier + more}
            found.append(Choix(f"{COMPLETER}{other.offre_id}", quantities, other))
    return [*found[: CHOIX_LES_PLUS_NOMBREUX + bool(left)], Choix(RETIRER, {court.offre_id: 0})]


def appliquer(composees: Mapping[int, int], retenus: Sequence[Choix]) -> dict[int, int]:
    """The composition after these choices. Two that complete with the same offer add up."""
    after = dict(composees)
    for chosen in retenus:
        for offer, quantity in chosen.quantites.items():
            more = quantity - composees.get(offer, 0)
            after[offer] = after.get(offer, 0) + more
    return {offer: quantity for offer, quantity in after.items() if quantity > 0}


def _par_ressemblance(court: Possible, offres: Sequence[Possible]) -> list[Possible]:
    """The same product of another farm first, then what is not in the basket yet, then the rest; cheapest first."""
    others = [offer for offer in offres if offer.offre_id != court.offre_id]
    return sorted(others, key=lambda o: (o.produit_id != court.produit_id, o.par_panier > 0, o.prix, o.offre_id))


def _complement(other: Possible, missing: int, paniers: int) -> int:
    """How much more of that offer makes up for `missing` grams in each basket; 0 when it cannot."""
    room = other.au_plus(paniers) - other.par_panier
    if other.en_pieces:
        wanted = max(1, round(missing / other.poids_piece)) if other.poids_piece else 1
    else:
        wanted = -(-missing // PAS) * PAS
    return wanted if 0 < wanted <= room else 0


def repartir(combien: int, parts: Sequence[int]) -> list[int]:
    """Share out a number in proportion to `parts`, whole, the largest remainders first; it adds up to `combien`."""
    total = sum(parts)
    if not total:
        return [0 for _ in parts]
    shares = [combien * part // total for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda n: (-(combien * parts[n] % total), n))
    for place in by_remainder[: combien - sum(shares)]:
        shares[place] += 1
    return shares

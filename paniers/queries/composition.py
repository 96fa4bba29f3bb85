"""What the composition is made from: the week's offers, what stands composed, and the baskets of the weeks before."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.formats import poids as en_poids
from paniers.composition import ingredient
from paniers.models.producteurs import Composition, CompositionLigne, Offre, Producteur, Produit
from paniers.models.semaines import Semaine
from paniers.prix_convenus import convenu
from paniers.regles.bilan import Ingredient
from paniers.regles.comparaisons import LignePassee, Proposee
from paniers.regles.quantites import quantite

SEMAINES_A_COTE = 4


@dataclass(frozen=True, slots=True)
class OffreVue:
    """An offer as a line of the table; its quantity in the ingredient is left at 0.

    `convenu` is the agreed price (centimes), None without one; `acceptee`: taken by the coordination at its price.
    """

    id: int
    producteur_id: int
    producteur: str
    produit_id: int
    produit: str
    dessin: str
    variete: str
    ingredient: Ingredient
    unite: str
    convenu: int | None
    acceptee: bool

    @property
    def hors_contrat(self) -> bool:
        """The offer does not keep to an agreed price."""
        return self.convenu is None or self.ingredient.prix > self.convenu

    @property
    def a_accepter(self) -> bool:
        """No basket may be made with it yet."""
        return self.hors_contrat and not self.acceptee

    @property
    def disponible(self) -> str:
        return quantite(self.ingredient.disponible, self.unite)

    @property
    def lot(self) -> str:
        return quantite(self.ingredient.lot, self.unite)

    @property
    def proposee(self) -> Proposee:
        return Proposee(self.id, self.produit_id, self.producteur_id, self.ingredient.prix)

    def avec(self, par_panier: int) -> Ingredient:
        """So much of the offer in each basket."""
        return replace(self.ingredient, quantite=par_panier)

    @property
    def par(self) -> str:
        """What the price is for."""
        if not self.ingredient.en_pieces:
            return "le kg"
        return f"la pièce de {en_poids(self.ingredient.poids_piece or 0)}"


@dataclass(frozen=True, slots=True)
class PanierPasse:
    """A published basket: grams, centimes, its lines as figures, and its products written out (name, quantity)."""

    code: str
    retrait_le: date
    poids: int
    cout: int
    lignes: tuple[LignePassee, ...]
    produits: tuple[tuple[str, str], ...]


def offres(session: Session, semaine_id: int) -> list[OffreVue]:
    """The week's offers, by producer and product. One query."""
    rows = session.execute(
        select(Offre, Produit, Producteur, convenu())
        .join(Semaine, Semaine.id == Offre.semaine_id)
        .join(Produit, Produit.id == Offre.produit_id)
        .join(Producteur, Producteur.id == Offre.producteur_id)
        .where(Offre.semaine_id == semaine_id)
        .order_by(Producteur.nom, Produit.nom, Offre.id)
    )
    return [
        OffreVue(
            id=offer.id,
            producteur_id=producer.id,
            producteur=producer.nom,
            produit_id=product.id,
            produit=product.nom,
            dessin=product.dessin,
            variete=offer.variete,
            ingredient=ingredient(offer, product, 0, franchise=producer.franchise_tva),
            unite=product.unite,
            convenu=agreed,
            acceptee=offer.acceptee_le is not None,
        )
        for offer, product, producer, agreed in rows
    ]


def composee(session: Session, semaine_id: int) -> tuple[Composition | None, dict[int, int]]:
    """The week's composition and its quantities by offer."""
    made = session.scalars(select(Composition).where(Composition.semaine_id == semaine_id)).one_or_none()
    if made is None:
        return None, {}
    lines = session.execute(
        select(CompositionLigne.offre_id, CompositionLigne.quantite).where(CompositionLigne.composition_id == made.id)
    )
    return made, dict(lines.all())


def paniers_passes(session: Session, retrait_le: date) -> list[PanierPasse]:
    """The published baskets of the last weeks before that one, the latest first. Two queries."""
    made = session.execute(
        select(Composition.id, Semaine.code, Semaine.retrait_le, Composition.poids, Composition.cout)
        .join(Semaine, Semaine.id == Composition.semaine_id)
        .where(Semaine.retrait_le < retrait_le, Composition.publiee_le.is_not(None))
        .order_by(Semaine.retrait_le.desc())
        .limit(SEMAINES_A_COTE)
    ).all()
    rows = session.execute(
        select(CompositionLigne.composition_id, CompositionLigne.quantite, Offre, Produit, Producteur)
        .join(Offre, Offre.id == CompositionLigne.offre_id)
        .join(Produit, Produit.id == Offre.produit_id)
        .join(Producteur, Producteur.id == Offre.producteur_id)
        .where(CompositionLigne.composition_id.in_([row.id for row in made]))
        .order_by(Produit.nom, Offre.id)
    ).all()
    held = [(of, _ligne(quantity, offer, product, farm), product.unite) for of, quantity, offer, product, farm in rows]
    return [
        PanierPasse(
            basket.code,
            basket.retrait_le,
            basket.poids or 0,
            basket.cout or 0,
            tuple(line for of, line, _unit in held if of == basket.id),
            tuple((line.produit, quantite(line.quantite, unit)) for of, line, unit in held if of == basket.id),
        )
        for basket in made
    ]


def _ligne(par_panier: int, offre: Offre, produit: Produit, producteur: Producteur) -> LignePassee:
    return LignePassee(
        produit_id=produit.id,
        produit=produit.nom,
        producteur_id=producteur.id,
        producteur=producteur.nom,
        quantite=par_panier,
        cout=ingredient(offre, produit, par_panier, franchise=producteur.franchise_tva).cout,
    )

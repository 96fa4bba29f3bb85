"""What the pages read of an arrival: the products of the week, and from how many baskets each is missing here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from paniers.models_producteurs import Composition, CompositionLigne, Offre, Producteur, Produit
from paniers.models_retrait import Arrivee, ArriveeManque


@dataclass(frozen=True, slots=True)
class ProduitAttendu:
    """A product that should be there; `manque` is how many baskets lack it."""

    offre_id: int
    nom: str
    slug: str
    producteur: str
    manque: int
    tous: bool


@dataclass(frozen=True, slots=True)
class ArriveeVue:
    """When the maison looked (None: not yet), and every product of the week."""

    le: datetime | None
    produits: tuple[ProduitAttendu, ...]

    @property
    def manques(self) -> list[ProduitAttendu]:
        return [product for product in self.produits if product.manque]


def arrivee(session: Session, semaine_id: int, maison_id: int) -> ArriveeVue:
    """Two queries."""
    here = select(Arrivee.id, Arrivee.le).where(Arrivee.semaine_id == semaine_id, Arrivee.maison_id == maison_id)
    looked = session.execute(here).one_or_none()
    rows = session.execute(
        select(Offre.id, Produit.nom, Produit.dessin, Producteur.nom, ArriveeManque.paniers, ArriveeManque.tous)
        .join(Produit, Produit.id == Offre.produit_id)
        .join(Producteur, Producteur.id == Offre.producteur_id)
        .join(CompositionLigne, CompositionLigne.offre_id == Offre.id)
        .join(Composition, Composition.id == CompositionLigne.composition_id)
        .outerjoin(
            ArriveeManque,
            and_(ArriveeManque.offre_id == Offre.id, ArriveeManque.arrivee_id == (looked.id if looked else 0)),
        )
        .where(Composition.semaine_id == semaine_id)
        .order_by(Producteur.nom, Produit.nom)
    )
    products = tuple(ProduitAttendu(*row[:4], row[4] or 0, bool(row[5])) for row in rows)
    return ArriveeVue(looked.le if looked else None, products)

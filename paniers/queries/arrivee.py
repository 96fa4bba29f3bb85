"""What the pages read of an arrival: the products of the week, and from how many baskets each is missing here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from foyers.models import Maison
from paniers.models.producteurs import Composition, CompositionLigne, Offre, Producteur, Produit
from paniers.models.retrait import Arrivee, ArriveeManque


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


@dataclass(frozen=True, slots=True)
class ManqueVu:
    """A product that a maison lacks, and from how many baskets; the coordination has not said that it has seen it."""

    arrivee_id: int
    maison: str
    produit: str
    paniers: int
    tous: bool


def manques_a_voir(session: Session, semaine_id: int) -> list[ManqueVu]:
    """What the maisons of a week lack, until it is seen; a product that a correction took out counts no more."""
    rows = session.execute(
        select(Arrivee.id, Maison.nom, Produit.nom, ArriveeManque.paniers, ArriveeManque.tous)
        .join(ArriveeManque, ArriveeManque.arrivee_id == Arrivee.id)
        .join(Maison, Maison.id == Arrivee.maison_id)
        .join(Offre, Offre.id == ArriveeManque.offre_id)
        .join(Produit, Produit.id == Offre.produit_id)
        .join(CompositionLigne, CompositionLigne.offre_id == Offre.id)
        .where(Arrivee.semaine_id == semaine_id, Arrivee.vue_le.is_(None))
        .order_by(Maison.nom, Produit.nom)
    )
    return [ManqueVu(*row) for row in rows]

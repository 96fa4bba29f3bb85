"""What this week's basket holds: composed by hand from the producers' offers, then published."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kernel.errors import Refus
from kernel.outbox import publish
from paniers.events import CompositionPubliee
from paniers.models.producteurs import Composition, CompositionLigne, Offre, Producteur, Produit
from paniers.models.semaines import Semaine
from paniers.prix_convenus import exiger_accord
from paniers.regles.bilan import QUANTITE_LA_PLUS_GRANDE, Bilan, Ingredient, bilan
from paniers.regles.etats import EtatSemaine
from paniers.regles.quantites import Unite
from paniers.semaines import verrouiller


def composer(session: Session, semaine_id: int, quantites: Mapping[int, int]) -> Composition:
    """Write the composition, `{offre_id: grams or pieces in one basket}`, in place of the former one.

    A published composition that is changed must be published again. Raises Refus once the orders have gone out, for a
    quantity that cannot be, for an offer of another week, or for one "hors contrat" that nobody has accepted.
    """
    semaine = _modifiable(session, semaine_id)
    if any(not 0 < quantity <= QUANTITE_LA_PLUS_GRANDE for quantity in quantites.values()):
        raise Refus("Une quantité par panier va de 1 à 5 000 (grammes ou pièces).")
    offers = session.scalars(select(Offre.id).where(Offre.semaine_id == semaine.id, Offre.id.in_(quantites)))
    if set(offers) != set(quantites):
        raise Refus("Une de ces offres n’est plus proposée cette semaine. Rechargez la page.")
    exiger_accord(session, semaine.id, quantites)
    composition = session.scalars(select(Composition).where(Composition.semaine_id == semaine.id)).one_or_none()
    if composition is None:
        composition = Composition(semaine_id=semaine.id)
        session.add(composition)
        session.flush()  # its id goes into the lines
    composition.publiee_le = None
    session.execute(delete(CompositionLigne).where(CompositionLigne.composition_id == composition.id))
    session.add_all(
        CompositionLigne(composition_id=composition.id, offre_id=offer, quantite=quantity)
        for offer, quantity in quantites.items()
    )
    return composition


def publier(session: Session, semaine_id: int, *, par: int | None, instant: datetime) -> Bilan:
    """Show the composition to families and fix its weight and cost.

    Raises Refus when there is nothing to publish, or when an offer has come to be "hors contrat" since it was composed.
    """
    semaine = _modifiable(session, semaine_id)
    composition = session.scalars(select(Composition).where(Composition.semaine_id == semaine.id)).one_or_none()
    parts = ingredients(session, semaine_id)
    if composition is None or not parts:
        raise Refus("Le panier est vide. Choisissez d’abord des produits.")
    lines = select(CompositionLigne.offre_id).where(CompositionLigne.composition_id == composition.id)
    exiger_accord(session, semaine.id, session.scalars(lines).all())
    weighed = bilan(parts, paniers_prevus=0)
    composition.cout, composition.poids = weighed.cout.centimes, weighed.poids
    composition.publiee_le, composition.publiee_par = instant, par
    publish(session, CompositionPubliee(semaine.id))
    return weighed


def ingredients(session: Session, semaine_id: int) -> list[Ingredient]:
    """The lines of the week's composition, as `bilan` reads them."""
    lines = session.execute(
        select(CompositionLigne.quantite, Offre, Produit, Producteur.franchise_tva)
        .join(Composition, Composition.id == CompositionLigne.composition_id)
        .join(Offre, Offre.id == CompositionLigne.offre_id)
        .join(Produit, Produit.id == Offre.produit_id)
        .join(Producteur, Producteur.id == Offre.producteur_id)
        .where(Composition.semaine_id == semaine_id)
        .order_by(Produit.nom, Offre.id)
    )
    return [ingredient(offer, product, quantity, franchise=exempt) for quantity, offer, product, exempt in lines]


def ingredient(offre: Offre, produit: Produit, quantite: int, *, franchise: bool) -> Ingredient:
    return Ingredient(
        nom=produit.nom,
        quantite=quantite,
        en_pieces=produit.unite == Unite.PIECE,
        poids_piece=produit.poids_piece,
        prix=offre.prix,
        avec_tva=not franchise,
        disponible=offre.quantite,
        lot=offre.lot,
    )


def _modifiable(session: Session, semaine_id: int) -> Semaine:
    semaine = verrouiller(session, semaine_id)
    if semaine.etat not in (EtatSemaine.OUVERTE, EtatSemaine.CLOTUREE):
        raise Refus("Les commandes de cette semaine sont parties : sa composition ne change plus.")
    return semaine

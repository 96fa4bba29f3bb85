"""What a producer offers for a week: entered, replaced, withdrawn or repeated, until the offers close.

The coordination may still enter an offer that came by telephone after the deadline, as long as the week's orders have
not gone out. An offer above the agreed price is refused; one without an agreed price waits for the coordination.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.errors import Introuvable, Refus
from kernel.formats import euros
from kernel.formats import instant as en_mots
from paniers.models.producteurs import Composition, CompositionLigne, Offre, Producteur, Produit
from paniers.models.semaines import Semaine
from paniers.prix_convenus import prix_convenus
from paniers.regles.etats import EtatSemaine
from paniers.regles.quantites import Unite

QUANTITE_LA_PLUS_GRANDE = 50_000_000  # grams or pieces: fifty tonnes is more than a week can take
PRIX_LE_PLUS_HAUT = 20_000  # centimes before tax, for a kilogram or a piece


class PrixRefuse(Refus):
    """A price that cannot be: above what is agreed, or out of all measure."""


@dataclass(frozen=True, slots=True)
class Proposition:
    """Grams or pieces, centimes before tax for a kilogram or a piece."""

    quantite: int
    lot: int
    prix: int
    variete: str = ""


def proposer(
    session: Session,
    *,
    semaine_id: int,
    producteur_id: int,
    produit_id: int,
    proposition: Proposition,
    instant: datetime,
    par: int | None,
    coordination: bool = False,
) -> None:
    """Offer a product for a week, in place of an earlier offer of the same product.

    Raises Refus once the offers are closed, for figures that cannot be, for a price above the agreed one, or for an
    offer that is in the published basket already. The coordination's acceptance of a price stays while the price does.
    """
    semaine = _ouverte_aux_offres(session, semaine_id, instant, coordination=coordination)
    if session.get(Producteur, producteur_id) is None:
        raise Introuvable
    product = session.get(Produit, produit_id)
    if product is None:
        raise Refus("Ce produit n’est pas dans la liste. Choisissez-en un autre.", status=422)
    _verifier(proposition)
    _exiger_prix_convenu(product, proposition, prix_convenus(session, producteur_id, semaine.retrait_le))
    _exiger_hors_du_panier_publie(session, semaine, producteur_id, produit_id)
    values = {
        "variete": proposition.variete,
        "quantite": proposition.quantite,
        "lot": proposition.lot,
        "prix": proposition.prix,
        "saisie_le": instant,
        "saisie_par": par,
    }
    kept = {
        name: case((Offre.prix == proposition.prix, getattr(Offre, name)), else_=None)
        for name in ("acceptee_le", "acceptee_par")
    }
    session.execute(
        insert(Offre)
        .values(semaine_id=semaine.id, producteur_id=producteur_id, produit_id=produit_id, **values)
        .on_conflict_do_update(index_elements=["semaine_id", "producteur_id", "produit_id"], set_=values | kept)
    )


def accepter(session: Session, offre_id: int, *, prix: int, instant: datetime, par: int | None) -> None:
    """Take an offer that is "hors contrat" at the price that was read; accepted already, it is harmless.

    Raises Refus when its price has changed since, or once the week's baskets are delivered.
    """
    known = session.get(Offre, offre_id)
    if known is None:
        raise Introuvable
    semaine = session.get(Semaine, known.semaine_id, with_for_update={"read": True}, populate_existing=True)
    if semaine is None or semaine.etat not in (EtatSemaine.OUVERTE, EtatSemaine.CLOTUREE, EtatSemaine.COMMANDEE):
        raise Refus("Cette semaine est passée : ses offres ne changent plus.")
    offre = session.get(Offre, offre_id, with_for_update=True, populate_existing=True)
    if offre is None or offre.prix != prix:
        raise Refus("Cette offre vient de changer. Relisez-la avant de l’accepter.")
    if offre.acceptee_le is None:
        offre.acceptee_le, offre.acceptee_par = instant, par


def retirer(session: Session, offre_id: int, *, instant: datetime, coordination: bool = False) -> None:
    """Withdraw an offer; one that is gone already is no matter.

    Raises Refus once the offers are closed, or when the basket is made with it.
    """
    offre = session.get(Offre, offre_id)
    if offre is None:
        return
    _ouverte_aux_offres(session, offre.semaine_id, instant, coordination=coordination)
    used = select(CompositionLigne.id).where(CompositionLigne.offre_id == offre_id).limit(1)
    if session.execute(used).first() is not None:
        raise Refus("Ce produit est déjà dans le panier de la semaine. Appelez la coordination pour le retirer.")
    session.delete(offre)


def reprendre(session: Session, *, semaine_id: int, producteur_id: int, instant: datetime, par: int | None) -> int:
    """Offer again what the producer offered the last time; what is offered already stays. Returns how many were added.

    A price that is above the agreed one by now becomes the agreed one.

    Raises Refus once the offers are closed, or when there is nothing to repeat.
    """
    semaine = _ouverte_aux_offres(session, semaine_id, instant, coordination=False)
    last = (
        select(Semaine.id)
        .join(Offre, Offre.semaine_id == Semaine.id)
        .where(Offre.producteur_id == producteur_id, Semaine.retrait_le < semaine.retrait_le)
        .order_by(Semaine.retrait_le.desc())
        .limit(1)
    )
    before = session.scalars(
        select(Offre).where(Offre.producteur_id == producteur_id, Offre.semaine_id == last.scalar_subquery())
    ).all()
    if not before:
        raise Refus("Vous n’avez pas encore d’offre à reprendre. Ajoutez un premier produit.")
    agreed = prix_convenus(session, producteur_id, semaine.retrait_le)
    rows = [
        {
            "semaine_id": semaine.id,
            "producteur_id": producteur_id,
            "produit_id": offre.produit_id,
            "variete": offre.variete,
            "quantite": offre.quantite,
            "lot": offre.lot,
            "prix": min(offre.prix, agreed.get(offre.produit_id, offre.prix)),
            "saisie_le": instant,
            "saisie_par": par,
        }
        for offre in before
    ]
    added = session.scalars(insert(Offre).values(rows).on_conflict_do_nothing().returning(Offre.id))
    return len(added.all())


def _ouverte_aux_offres(session: Session, semaine_id: int, instant: datetime, *, coordination: bool) -> Semaine:
    """The week, held until the transaction ends so that nobody orders from it meanwhile. Raises Introuvable, Refus."""
    # Shared: producers do not wait for one another, and whoever composes or orders waits for all of them.
    semaine = session.get(Semaine, semaine_id, with_for_update={"read": True}, populate_existing=True)
    if semaine is None:
        raise Introuvable
    if coordination:
        if semaine.etat not in (EtatSemaine.OUVERTE, EtatSemaine.CLOTUREE):
            raise Refus("Les commandes de cette semaine sont parties : ses offres ne changent plus.")
    elif semaine.etat != EtatSemaine.OUVERTE or instant >= semaine.offres_jusqu_a:
        raise Refus(
            f"Les offres de cette semaine se sont arrêtées {en_mots(semaine.offres_jusqu_a)}. "
            "Proposez pour la suivante, ou appelez la coordination."
        )
    return semaine


def _verifier(proposition: Proposition) -> None:
    if not 0 < proposition.quantite <= QUANTITE_LA_PLUS_GRANDE:
        raise Refus("Cette quantité est trop grande pour une semaine. Vérifiez-la.", status=422)
    if not 0 < proposition.lot <= proposition.quantite:
        raise Refus("Un lot ne peut pas dépasser la quantité que vous proposez.", status=422)
    if not 0 < proposition.prix <= PRIX_LE_PLUS_HAUT:
        raise PrixRefuse("Ce prix est trop haut pour un panier. Vérifiez-le : il va de 0,01 € à 200,00 €.", status=422)


def _exiger_prix_convenu(produit: Produit, proposition: Proposition, convenus: Mapping[int, int]) -> None:
    agreed = convenus.get(produit.id)
    if agreed is not None and proposition.prix > agreed:
        per = "la pièce" if produit.unite == Unite.PIECE else "le kilo"
        raise PrixRefuse(
            f"« {produit.nom} » : le prix convenu au contrat est de {euros(agreed)} {per}, hors taxe. "
            "Proposez ce prix ou moins.",
            status=422,
        )


def _exiger_hors_du_panier_publie(session: Session, semaine: Semaine, producteur_id: int, produit_id: int) -> None:
    published = (
        select(CompositionLigne.id)
        .join(Composition, Composition.id == CompositionLigne.composition_id)
        .join(Offre, Offre.id == CompositionLigne.offre_id)
        .where(Composition.semaine_id == semaine.id, Composition.publiee_le.is_not(None))
        .where(Offre.producteur_id == producteur_id, Offre.produit_id == produit_id)
    )
    if session.execute(published.limit(1)).first() is not None:
        raise Refus("Ce produit est déjà dans le panier publié : son offre ne change plus. Appelez la coordination.")

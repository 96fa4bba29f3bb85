"""When a producer is short: the basket is changed after its orders have gone out, once, and everything follows.

The week keeps one basket for all: what changes is its composition. From there the orders (same number, next version),
the ledger, the maisons' papers and what families are told are made anew, in one transaction. Everybody sees either the
former week or the corrected one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from kernel.clock import PARIS
from kernel.errors import Refus
from kernel.formats import jour as le_jour
from kernel.outbox import publish
from paiements import grand_livre
from paiements.grand_livre import APasser, Ligne
from paiements.models.grand_livre import CompteGL, Ecriture
from paniers import commandes
from paniers.commandes import LigneACommander, paniers_par_maison
from paniers.composition import ingredients
from paniers.events import BonsDemandes, CommandeEmise, PanierCorrige
from paniers.models.producteurs import (
    Commande,
    CommandeLigne,
    Composition,
    CompositionLigne,
    Correction,
    CorrectionCommande,
    CorrectionLigne,
    EtatCommande,
    Manque,
    Offre,
)
from paniers.models.semaines import EtatPanier, Panier, Semaine
from paniers.prix_convenus import exiger_accord
from paniers.regles.bilan import QUANTITE_LA_PLUS_GRANDE, bilan
from paniers.regles.etats import EtatSemaine
from paniers.semaines import verrouiller

CREDIT_LE_PLUS_HAUT = 400  # centimes: no more than the lowest price of a basket
MOTIF_LE_PLUS_LONG = 200


@dataclass(frozen=True, slots=True)
class Demande:
    """What the coordination decides: grams or pieces of each offer in a basket, what each basket gives back (centimes),
    and why, as families will read it. `vues`: how many corrections of the week its page had shown."""

    quantites: Mapping[int, int]
    credit: int
    motif: str
    vues: int


def corriger(session: Session, semaine_id: int, demande: Demande, *, instant: datetime, par: int | None) -> Correction:
    """Change the basket of a week whose orders are out, and all that follows from it.

    1. lock the week, so that of two people who correct at once the second is told; 2. write the composition; 3. write
    the orders that differ anew; 4. reverse what was booked for the orders and book them again; 5. give back the credit;
    6. say so. Raises Refus once delivered, when somebody has corrected meanwhile, or when an offer does not suffice.
    """
    semaine = verrouiller(session, semaine_id)
    _exiger_corrigeable(session, semaine, demande, instant)
    baskets = paniers_par_maison(session, semaine.id)
    changes = _recomposer(session, semaine, demande.quantites)
    correction = Correction(
        semaine_id=semaine.id,
        numero=demande.vues + 1,
        motif=demande.motif.strip(),
        credit=demande.credit,
        faite_le=instant,
        faite_par=par,
    )
    session.add(correction)
    session.flush()  # its id goes into its lines, the ledger and the facts
    session.add_all(
        CorrectionLigne(correction_id=correction.id, offre_id=offer, avant=before, apres=after)
        for offer, (before, after) in changes.items()
    )
    lines = commandes.lire_lignes(session, semaine, baskets, disponibles(session, semaine.id))
    written = _reecrire_les_commandes(session, semaine, lines, correction)
    _passer_a_nouveau(session, semaine, correction)
    _rendre_le_credit(session, semaine, correction)
    publish(session, *[CommandeEmise(order.id) for order in written])
    publish(session, *[BonsDemandes(semaine.id, maison_id) for maison_id in baskets])
    publish(session, *[PanierCorrige(correction.id, maison_id) for maison_id in baskets])
    return correction


def combien(session: Session, semaine_id: int) -> int:
    """How many times the week has been corrected."""
    return session.scalar(select(func.count()).where(Correction.semaine_id == semaine_id)) or 0


def disponibles(session: Session, semaine_id: int) -> dict[int, int]:
    """Offer → what its producer last said it can bring, of those that were said to be short this week."""
    said = session.execute(
        select(Manque.offre_id, Manque.disponible)
        .join(Commande, Commande.id == Manque.commande_id)
        .where(Commande.semaine_id == semaine_id)
        .order_by(Manque.id)
    )
    return dict(said.all())


def obstacle(session: Session, semaine: Semaine, instant: datetime) -> str | None:
    """Why the basket of a week can no longer be corrected, in a sentence; None when it can."""
    if semaine.etat in (EtatSemaine.OUVERTE, EtatSemaine.CLOTUREE):
        return "Les commandes ne sont pas encore parties : changez la composition, elle suffit."
    if semaine.etat == EtatSemaine.ANNULEE:
        return "Cette semaine est annulée : il n’y a plus de panier à corriger."
    day = commandes.jour_de_livraison(session, semaine, paniers_par_maison(session, semaine.id))
    if semaine.etat != EtatSemaine.COMMANDEE or day < instant.astimezone(PARIS).date():
        return "La livraison est faite : le panier ne se corrige plus. Notez ce qui manquait avec le producteur."
    return None


def _exiger_corrigeable(session: Session, semaine: Semaine, demande: Demande, instant: datetime) -> None:
    too_late = obstacle(session, semaine, instant)
    if too_late:
        raise Refus(too_late)
    if combien(session, semaine.id) != demande.vues:
        raise Refus("Cette semaine vient d’être corrigée par ailleurs. Relisez la page : rien n’a été fait deux fois.")
    if not demande.motif.strip():
        raise Refus("Écrivez pourquoi le panier change : les familles le liront.", status=422)
    if len(demande.motif.strip()) > MOTIF_LE_PLUS_LONG:
        raise Refus("Dites pourquoi en deux cents lettres au plus.", status=422)
    if not 0 <= demande.credit <= CREDIT_LE_PLUS_HAUT:
        raise Refus("Le geste par panier va de 0 à 4,00 €.", status=422)
    if not demande.quantites:
        raise Refus("Il ne resterait rien dans le panier. Gardez au moins un produit.", status=422)
    if any(not 0 < quantity <= QUANTITE_LA_PLUS_GRANDE for quantity in demande.quantites.values()):
        raise Refus("Une quantité par panier va de 1 à 5 000 (grammes ou pièces).", status=422)


def _recomposer(session: Session, semaine: Semaine, quantites: Mapping[int, int]) -> dict[int, tuple[int, int]]:
    """Write the new composition; returns what changed, offer → (before, after)."""
    offers = session.scalars(select(Offre.id).where(Offre.semaine_id == semaine.id, Offre.id.in_(quantites)))
    if set(offers) != set(quantites):
        raise Refus("Une de ces offres n’est plus proposée cette semaine. Rechargez la page.")
    exiger_accord(session, semaine.id, quantites)
    composition = session.scalars(select(Composition).where(Composition.semaine_id == semaine.id)).one()
    mine = CompositionLigne.composition_id == composition.id
    before = dict(session.execute(select(CompositionLigne.offre_id, CompositionLigne.quantite).where(mine)).all())
    changes = {
        offer: (before.get(offer, 0), quantites.get(offer, 0))
        for offer in sorted(before.keys() | quantites.keys())
        if before.get(offer, 0) != quantites.get(offer, 0)
    }
    if not changes:
        raise Refus("Le panier ne change pas : il n’y a rien à corriger.")
    session.execute(delete(CompositionLigne).where(mine))
    session.add_all(
        CompositionLigne(composition_id=composition.id, offre_id=offer, quantite=quantity)
        for offer, quantity in quantites.items()
    )
    weighed = bilan(ingredients(session, semaine.id), paniers_prevus=0)
    composition.cout, composition.poids = weighed.cout.centimes, weighed.poids
    return changes


def _reecrire_les_commandes(
    session: Session, semaine: Semaine, lines: Sequence[LigneACommander], correction: Correction
) -> list[Commande]:
    """The orders that differ, written anew under the same number; a new one for a farm that had none."""
    standing = {
        order.producteur_id: order
        for order in session.scalars(
            select(Commande).where(Commande.semaine_id == semaine.id).order_by(Commande.id).with_for_update()
        )
    }
    wanted = {group[0].producteur.id: group for group in commandes.par_producteur(lines)}
    written = []
    for producer, order in standing.items():
        if _differe(session, order, wanted.get(producer, [])):
            _reecrire(session, order, wanted.get(producer, []), correction)
            written.append(order)
    day = commandes.jour_de_livraison(session, semaine, paniers_par_maison(session, semaine.id))
    for rank, producer in enumerate((p for p in wanted if p not in standing), start=len(standing) + 1):
        order = commandes.emettre(
            session, semaine, wanted[producer], rank=rank, livraison_le=day, instant=correction.faite_le
        )
        _noter(session, order, correction, avant=0)
        written.append(order)
    return written


def _differe(session: Session, order: Commande, lines: Sequence[LigneACommander]) -> bool:
    wanted = {line.offre.id: line.besoin.commande for line in lines}
    parts = {(line.offre.id, place): part for line in lines for place, part in line.besoin.par_maison.items()}
    found = session.scalars(select(CommandeLigne).where(CommandeLigne.commande_id == order.id)).all()
    shared = {(line.offre_id, line.maison_id): line.quantite for line in found if line.maison_id is not None}
    return commandes.commandees(session, order.id) != wanted or shared != parts


def _reecrire(session: Session, order: Commande, lines: Sequence[LigneACommander], correction: Correction) -> None:
    before = order.total_ht + order.tva
    session.execute(delete(CommandeLigne).where(CommandeLigne.commande_id == order.id))
    commandes.ecrire_lignes(session, order, lines)
    ht, tva = commandes.totaux(lines)
    order.total_ht, order.tva = ht.centimes, tva.centimes
    order.version, order.corrigee_le = order.version + 1, correction.faite_le
    order.etat, order.message, order.repondue_le = EtatCommande.EMISE, None, None
    _noter(session, order, correction, avant=before)
    session.execute(
        update(Manque)
        .where(Manque.commande_id == order.id, Manque.correction_id.is_(None))
        .values(correction_id=correction.id)
    )


def _noter(session: Session, order: Commande, correction: Correction, *, avant: int) -> None:
    session.add(
        CorrectionCommande(
            correction_id=correction.id,
            commande_id=order.id,
            version=order.version,
            avant=avant,
            apres=order.total_ht + order.tva,
        )
    )


def _passer_a_nouveau(session: Session, semaine: Semaine, correction: Correction) -> None:
    standing = session.scalars(select(Ecriture).where(commandes_en_vigueur(semaine.id))).one_or_none()
    if standing is not None:
        grand_livre.contrepasser(session, standing.id, f"{standing.libelle}, avant correction")
    orders = session.scalars(select(Commande).where(Commande.semaine_id == semaine.id).order_by(Commande.id)).all()
    commandes.porter_au_grand_livre(
        session,
        semaine,
        orders,
        cle=commandes.cle_au_grand_livre(semaine.id, correction.numero),
        jour=correction.faite_le.astimezone(PARIS).date(),
    )


def commandes_en_vigueur(semaine_id: int) -> ColumnElement[bool]:
    """The entry that books the week's orders and has not been reversed."""
    key, reversal = commandes.cle_au_grand_livre(semaine_id), aliased(Ecriture)
    reversed_ = select(reversal.id).where(reversal.contrepasse_id == Ecriture.id)
    return or_(Ecriture.cle == key, Ecriture.cle.like(f"{key}:%")) & ~reversed_.exists()


def _rendre_le_credit(session: Session, semaine: Semaine, correction: Correction) -> None:
    """Each basket's credit on its household's account, borne by the CCAS."""
    if not correction.credit:
        return
    baskets = session.execute(
        select(Panier.id, Panier.foyer_id, Panier.nombre).where(
            Panier.semaine_id == semaine.id, Panier.etat != EtatPanier.ANNULE
        )
    ).all()
    grand_livre.passer_en_lot(
        session,
        [
            APasser(
                f"geste:{correction.id}:{basket.id}",
                correction.faite_le.astimezone(PARIS).date(),
                f"Geste pour le panier du {le_jour(semaine.retrait_le)} : {correction.motif}",
                (
                    Ligne(CompteGL.FOYER, -correction.credit * basket.nombre, foyer_id=basket.foyer_id),
                    Ligne(CompteGL.PARTICIPATION_CCAS, correction.credit * basket.nombre),
                ),
            )
            for basket in baskets
        ],
    )

"""Giving money back of a payment made online: never more than it took, never more than the household has in advance.

What was paid beyond what was due stays on the account as an advance, which the next baskets use; money goes back only
where the CCAS allows it (`conditions.py`). The pattern of every remote call: the row and its key are committed, then
Stripe is asked, then its answer is recorded.
"""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from kernel import clock
from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from kernel.money import Euros
from kernel.outbox import publish
from paiements import grand_livre, passerelle
from paiements.en_ligne.avancement import solder, verrouiller
from paiements.en_ligne.conditions import en_vigueur
from paiements.en_ligne.prelevements import ObjetInconnu
from paiements.events import RemboursementDemande, RemboursementFait, RemboursementRevenu
from paiements.grand_livre import Ligne
from paiements.models.en_ligne import Paiement
from paiements.models.grand_livre import CompteGL
from paiements.models.retours import Remboursement
from paiements.passerelle import RemboursementLu, Retour
from paiements.regles.etats import Etat

ATTENTE = timedelta(minutes=10)
OUVERTS = ("prepare", "inconnu")
CHEZ_STRIPE = "Fait chez Stripe"
REVENU = "Remboursement revenu : la somme reste en avance"


def remboursable(session: Session, paiement: Paiement) -> int:
    """Centimes of a payment that may go back now: what it took and has not given back, as far as it is an advance."""
    if paiement.etat != Etat.REUSSI or not passerelle.prestataire().capacites().remboursement:
        return 0
    given = select(func.coalesce(func.sum(Remboursement.montant), 0)).where(Remboursement.etat != "refuse")
    back = int(session.scalar(given.where(Remboursement.paiement_id == paiement.id)) or 0)
    on_the_way = given.where(Remboursement.foyer_id == paiement.foyer_id, Remboursement.etat.in_(OUVERTS))
    advance = -grand_livre.solde(session, paiement.foyer_id) - int(session.scalar(on_the_way) or 0)
    return max(0, min(paiement.montant - back, advance))


def demander(session: Session, paiement_id: int, *, montant: int, motif: str, par: int | None) -> int:
    """Have `montant` centimes of a payment given back; returns the refund's key. Raises Refus, Introuvable.

    1. lock household and payment; 2. check that money may go back at all, and that much; 3. write; 4. tell the workers.
    """
    known = session.get(Paiement, paiement_id)
    if known is None:
        raise Introuvable
    paiement = verrouiller(session, paiement_id)
    if not en_vigueur(session, clock.today()).remboursement:
        raise Refus("L’acte de régie ne permet pas de rendre l’argent : la somme reste en avance sur le compte.")
    can = passerelle.prestataire().capacites()
    if not can.remboursement:
        raise Refus(f"{can.nom} ne rend pas l’argent d’un paiement : la somme reste en avance sur le compte.")
    most = remboursable(session, paiement)
    if montant <= 0 or montant > most:
        raise Refus(
            f"On peut rendre jusqu’à {Euros(most)} de ce paiement."
            if most
            else "Rien de ce paiement ne peut être rendu : il a payé ce qui était dû, ou l’a déjà été."
        )
    back = Remboursement(
        paiement_id=paiement_id,
        foyer_id=paiement.foyer_id,
        montant=montant,
        motif=motif,
        cle=uuid.uuid4(),
        etat="prepare",
        par=par,
        demande_le=clock.now(),
    )
    session.add(back)
    session.flush()  # the fact needs its id
    publish(session, RemboursementDemande(back.id))
    return back.id


def rembourser(remboursement_id: int) -> None:
    """Ask Stripe, or learn what became of an earlier try. Harmless when repeated. Raises Indisponible."""
    with transaction() as session:
        back = session.get_one(Remboursement, remboursement_id, with_for_update=True)
        if back.etat not in OUVERTS:
            return
        asked, back.etat = back.etat == "inconnu", "inconnu"
        intention = session.get_one(Paiement, back.paiement_id).stripe_id or ""
        retour = Retour(str(back.cle), intention, back.montant)
    found = _retrouver(retour) if asked else None
    lu = found or passerelle.prestataire().rembourser(retour)
    with transaction() as session:
        _conclure(session, back.paiement_id, lu)


def conclure_retours(charge_id: str) -> None:
    """Read at Stripe what of a payment has gone back, and record it; also what was done at Stripe itself.

    Raises Indisponible, and ObjetInconnu for a payment that is not ours.
    """
    _conclure_tous(passerelle.prestataire().intention_du_paiement(charge_id), charge_id)


def conclure_retour(retour_id: str) -> None:
    """The same for the payment of which that refund is: one that a bank has sent back is undone here.

    Raises Indisponible, ObjetInconnu.
    """
    _conclure_tous(passerelle.prestataire().intention_du_retour(retour_id), retour_id)


def _conclure_tous(intention: str | None, objet: str) -> None:
    lus = passerelle.prestataire().lire_remboursements(intention) if intention else []
    with transaction() as session:
        paiement_id = session.scalar(select(Paiement.id).where(Paiement.stripe_id == intention))
        if paiement_id is None:
            raise ObjetInconnu(objet)
        for lu in lus:
            _conclure(session, paiement_id, lu)


def relancer(session: Session, instant: datetime) -> int:
    """Take up again refunds that have waited too long for Stripe: for the timetable. Returns how many."""
    late = func.greatest(Remboursement.demande_le, Remboursement.relance_le) < instant - ATTENTE
    again = update(Remboursement).where(Remboursement.etat.in_(OUVERTS), late).values(relance_le=instant)
    found = session.scalars(again.returning(Remboursement.id)).all()
    publish(session, *map(RemboursementDemande, found))
    return len(found)


def _retrouver(retour: Retour) -> RemboursementLu | None:
    made = passerelle.prestataire().lire_remboursements(retour.intention)
    return next((lu for lu in made if lu.reference == retour.cle), None)


def _conclure(session: Session, paiement_id: int, lu: RemboursementLu) -> None:
    paiement = verrouiller(session, paiement_id)
    back = session.scalars(
        select(Remboursement).where(
            (Remboursement.stripe_id == lu.id) | (Remboursement.cle == _cle(lu.reference)),
            Remboursement.paiement_id == paiement_id,
        )
    ).one_or_none()
    if back is None:
        back = Remboursement(
            paiement_id=paiement_id,
            foyer_id=paiement.foyer_id,
            montant=lu.montant,
            motif=CHEZ_STRIPE,
            cle=uuid.uuid4(),
            etat="inconnu",
            demande_le=clock.now(),
        )
        session.add(back)
        session.flush()  # its entry is named by its id
    back.stripe_id = lu.id or back.stripe_id
    if lu.rendu:
        _rendre(session, back)
    else:
        _ne_pas_rendre(session, back)


def _rendre(session: Session, back: Remboursement) -> None:
    if back.etat not in OUVERTS:
        return
    back.etat, back.conclu_le = "fait", clock.now()
    grand_livre.passer(
        session,
        cle=f"remboursement:{back.id}",
        jour=clock.today(),
        libelle=f"Remboursement : {back.motif}",
        mouvements=[
            Ligne(CompteGL.FOYER, back.montant, foyer_id=back.foyer_id),
            Ligne(CompteGL.STRIPE, -back.montant),
        ],
    )
    publish(session, RemboursementFait(back.id))


def _ne_pas_rendre(session: Session, back: Remboursement) -> None:
    """Stripe gave nothing back, or the bank sent it back: the advance stays, or stands again, and that is told."""
    if back.etat == "refuse":
        return
    back.etat, back.conclu_le = "refuse", clock.now()
    booked = grand_livre.ecriture_de(session, f"remboursement:{back.id}")
    if booked is not None:
        back.revenu_le = back.conclu_le
        grand_livre.contrepasser(session, booked.id, REVENU)
        solder(session, back.foyer_id)
        publish(session, RemboursementRevenu(back.id))


def _cle(reference: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(reference or "")
    except ValueError:
        return None

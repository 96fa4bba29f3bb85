"""Charges that were refused and are worth asking for once more, on the day that their rule gave (`refus.py`).

The same intent is confirmed again, under a key of its own: however many tries, Stripe takes its money once at most.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.outbox import publish
from paiements.en_ligne.avancement import avancer, verrouiller
from paiements.en_ligne.prelevements import encore_du
from paiements.events import PreavisDemande, PrelevementDemande
from paiements.models.en_ligne import Mode, Paiement, Reglement
from paiements.regles.etats import Etat

PAR_TOUR = 200


def reprendre(session: Session, instant: datetime) -> int:
    """Ask again for the charges whose day has come; returns how many. For the timetable, as often as it likes.

    A household that has paid meanwhile, or now pays at its maison, is not asked again.
    """
    due = select(Paiement.id, Paiement.mandat_id).where(Paiement.etat == Etat.REFUSE, Paiement.reprise_le <= instant)
    asked = [
        (paiement_id, sepa)
        for paiement_id, sepa in session.execute(due.order_by(Paiement.foyer_id, Paiement.id).limit(PAR_TOUR)).all()
        if _reprendre(session, verrouiller(session, paiement_id), instant)
    ]
    publish(session, *((PreavisDemande if sepa else PrelevementDemande)(paiement_id) for paiement_id, sepa in asked))
    return len(asked)


def _reprendre(session: Session, paiement: Paiement, instant: datetime) -> bool:
    if paiement.etat != Etat.REFUSE or paiement.reprise_le is None or paiement.reprise_le > instant:
        return False
    paiement.reprise_le = None
    pays = session.get_one(Reglement, paiement.foyer_id).mode
    if pays == Mode.MAISON or not encore_du(session, paiement):
        return False
    avancer(session, paiement, Etat.PREPARE, "reprise")
    paiement.essais += 1
    paiement.demande_le, paiement.tente_le, paiement.conclu_le = instant, None, None
    paiement.preavis_le, paiement.pas_avant = None, None
    return True

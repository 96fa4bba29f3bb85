"""Stripe's webhooks: stored once as received, then read again at Stripe, so order, repeats and delays do not matter."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel import clock
from kernel.db import reading, transaction
from kernel.outbox import publish
from paiements.checkout import conclure_page
from paiements.events import EvenementStripeRecu
from paiements.litiges import conclure_litige
from paiements.models import EvenementStripe
from paiements.passerelle import Evenement
from paiements.prelevements import conclure_intention
from paiements.remboursements import conclure_retour, conclure_retours


def recevoir(session: Session, evenement: Evenement) -> bool:
    """Keep a signed event and tell the workers; False when it was kept before.

    A type that is of no use to us is kept as done.
    """
    utile = _nous_parle(evenement.type)
    maintenant = clock.now()
    valeurs = {
        "id": evenement.id,
        "type": evenement.type,
        "objet": evenement.objet,
        "contenu": evenement.contenu,
        "recu_le": maintenant,
        "traite_le": None if utile else maintenant,
    }
    nouveau = insert(EvenementStripe).values(valeurs).on_conflict_do_nothing().returning(EvenementStripe.id)
    recu = session.execute(nouveau).scalar_one_or_none() is not None
    if recu and utile:
        publish(session, EvenementStripeRecu(evenement.id))
    return recu


def conclure_evenement(evenement_id: str) -> None:
    """Read at Stripe what the event names, record it, then mark the event as done.

    Raises Indisponible, and ObjetInconnu for what is not ours: the event stays open and its delivery is parked, where
    the operator sees it.
    """
    with reading() as session:
        lu = session.execute(
            select(EvenementStripe.type, EvenementStripe.objet).where(EvenementStripe.id == evenement_id)
        ).one()
    if lu.type.startswith("checkout.session."):
        conclure_page(lu.objet, lu.type)
    elif lu.type.startswith("charge.dispute."):
        conclure_litige(lu.objet)
    elif lu.type == "charge.refunded":
        conclure_retours(lu.objet)
    elif lu.type.startswith("refund."):
        conclure_retour(lu.objet)
    else:
        conclure_intention(lu.objet, lu.type)
    with transaction() as session:
        session.get_one(EvenementStripe, evenement_id).traite_le = clock.now()


def _nous_parle(type_: str) -> bool:
    told = ("checkout.session.", "payment_intent.", "charge.dispute.", "refund.")
    return type_.startswith(told) or type_ == "charge.refunded"

"""Stripe's webhooks: stored once as received, then read again at Stripe, so order, repeats and delays do not matter."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel import clock
from kernel.db import reading, transaction
from kernel.outbox import publish
from paiements import passerelle
from paiements.en_ligne.checkout import conclure_page
from paiements.en_ligne.litiges import conclure_litige
from paiements.en_ligne.prelevements import ObjetInconnu, conclure_intention
from paiements.en_ligne.remboursements import conclure_retour, conclure_retours
from paiements.events import EvenementStripeRecu
from paiements.models.en_ligne import EvenementStripe
from paiements.passerelle import Evenement, Sujet


def recevoir(session: Session, evenement: Evenement) -> bool:
    """Keep a signed event and tell the workers; False when it was kept before.

    A type that is of no use to us is kept as done.
    """
    utile = passerelle.prestataire().sujet(evenement.type) is not None
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
    match passerelle.prestataire().sujet(lu.type):
        case Sujet.PAGE:
            conclure_page(lu.objet, lu.type)
        case Sujet.PAIEMENT:
            conclure_intention(lu.objet, lu.type)
        case Sujet.LITIGE:
            conclure_litige(lu.objet)
        case Sujet.RENDU:
            conclure_retours(lu.objet)
        case Sujet.RETOUR:
            conclure_retour(lu.objet)
        case None:
            raise ObjetInconnu(lu.objet)  # kept by the provider that was in service before
    with transaction() as session:
        session.get_one(EvenementStripe, evenement_id).traite_le = clock.now()

"""Actors of households: what is told of an account, the papers of a maison."""

from sqlalchemy.orm import Session

from foyers import impressions, messages_comptes
from foyers.events import CompteOuvert, LiasseDemandee
from workers.runtime import COURRIEL, DOCUMENTS, local, remote


@local(COURRIEL)
def annoncer_compte(session: Session, fact: CompteOuvert) -> None:
    messages_comptes.annoncer_ouverture(session, fact.compte_id)


@remote(DOCUMENTS, lease=60)
def preparer_liasse(fact: LiasseDemandee) -> None:
    """Letters or calls to print; rendering holds no transaction open."""
    impressions.preparer(fact.liasse_id)

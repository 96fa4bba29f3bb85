"""Actors of outings: the cards, and what households are told."""

from sqlalchemy.orm import Session

from culture.courriels import familles as courriels
from culture.documents import carte_pass
from culture.events import (
    GroupeDepasse,
    InscriptionConfirmee,
    OffreDeSortieExpiree,
    PassDelivre,
    PlacesDeSortieOffertes,
    PlacesRendues,
)
from workers.runtime import COURRIEL, DOCUMENTS, local, remote


@remote(DOCUMENTS, lease=60)
def preparer_pass(fact: PassDelivre) -> None:
    carte_pass.preparer(fact.pass_id)


@local(COURRIEL)
def confirmer_inscription(session: Session, fact: InscriptionConfirmee) -> None:
    courriels.confirmation(session, fact.inscription_id)


@local(COURRIEL)
def annoncer_places_de_sortie(session: Session, fact: PlacesDeSortieOffertes) -> None:
    courriels.places_offertes(session, fact.inscription_id)


@local(COURRIEL)
def annoncer_offre_de_sortie_expiree(session: Session, fact: OffreDeSortieExpiree) -> None:
    courriels.offre_expiree(session, fact.inscription_id)


@local(COURRIEL)
def annoncer_depassement(session: Session, fact: GroupeDepasse) -> None:
    courriels.groupe_depasse(session, fact.inscription_id)


@local(COURRIEL)
def annoncer_places_rendues(session: Session, fact: PlacesRendues) -> None:
    courriels.places_rendues(session, fact.inscription_id, fact.restantes)

"""Actors of evenings: papers, and what is told of an outing."""

from sqlalchemy.orm import Session

from culture.courriels import annonces as annonces_sorties
from culture.documents import dossier_soiree
from culture.events import PapiersDemandes, SortieAnnulee, SortieModifiee
from kernel import clock
from workers.runtime import COURRIEL, DOCUMENTS, local, remote


@local(COURRIEL, lease=60)
def annoncer_sortie_annulee(session: Session, fact: SortieAnnulee) -> None:
    annonces_sorties.annulation(session, fact.sortie_id)


@local(COURRIEL, lease=60)
def annoncer_sortie_modifiee(session: Session, fact: SortieModifiee) -> None:
    annonces_sorties.modification(session, fact.sortie_id, fact.version, instant=clock.now())


@remote(DOCUMENTS, lease=60)
def preparer_papiers(fact: PapiersDemandes) -> None:
    """The list of an evening and its authorisations; rendering holds no transaction open."""
    dossier_soiree.preparer(fact.sortie_id)

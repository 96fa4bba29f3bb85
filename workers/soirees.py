"""Actors of evenings: papers, and what is told of an outing."""

from culture import dossier_soiree
from culture.events import PapiersDemandes
from workers.runtime import DOCUMENTS, remote


@remote(DOCUMENTS, lease=60)
def preparer_papiers(fact: PapiersDemandes) -> None:
    """The list of an evening and its authorisations; rendering holds no transaction open."""
    dossier_soiree.preparer(fact.sortie_id)

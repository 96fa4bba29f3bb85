"""Actors of households: the papers of a maison."""

from foyers import impressions
from foyers.events import LiasseDemandee
from workers.runtime import DOCUMENTS, remote


@remote(DOCUMENTS, lease=60)
def preparer_liasse(fact: LiasseDemandee) -> None:
    """Letters or calls to print; rendering holds no transaction open."""
    impressions.preparer(fact.liasse_id)

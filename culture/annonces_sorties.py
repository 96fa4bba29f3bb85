"""What all the households of an outing are told at once: that it is cancelled, and that their money is back.

One message a household, whatever it had there: seats, an offer, a place on the waiting list, or several of them.
"""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from culture.etats import EtatInscription, EtatSortie
from culture.models import Lieu, Sortie, SortieEtape
from culture.models_inscriptions import Inscription, PlaceSortie
from foyers.messages import Annonce, dire_a_plusieurs
from foyers.models import Maison
from kernel.clock import PARIS


@dataclass(slots=True)
class Perdu:
    """What a household had there: seats, and what they cost it (centimes)."""

    places: int = 0
    rendu: int = 0


def annulation(session: Session, sortie_id: int) -> None:
    """Tell each household whose seats, offer or wait the cancellation has ended; who had left before is not told."""
    sortie = session.get_one(Sortie, sortie_id)
    lieu = session.get_one(Lieu, sortie.lieu_id)
    referente = session.get_one(Maison, sortie.maison_id)
    of_outing = {
        "titre": sortie.titre,
        "lieu": lieu.nom,
        "debut_le": sortie.debut_le,
        "motif": sortie.annulation_motif or "",
        "referente": referente.nom,
        "referente_telephone": referente.telephone,
    }
    dire_a_plusieurs(
        session,
        [
            Annonce(
                foyer_id=foyer_id,
                cle=f"sortie_annulee:{sortie_id}:{foyer_id}",
                modele="culture/annulee",
                contexte=of_outing | {"places": lost.places, "rendu": lost.rendu},
                urgent=True,
                lettre=False,
                utile_jusqu_au=sortie.debut_le.astimezone(PARIS).date(),
            )
            for foyer_id, lost in sorted(_perdus(session, sortie_id).items())
        ],
    )


def _perdus(session: Session, sortie_id: int) -> dict[int, Perdu]:
    """By household, what ended at the very instant of the cancellation."""
    rows = session.execute(
        select(Inscription.foyer_id, Inscription.etat, func.count(), func.sum(PlaceSortie.prix))
        .join(SortieEtape, and_(SortieEtape.sortie_id == Inscription.sortie_id, SortieEtape.le == Inscription.close_le))
        .join(PlaceSortie, PlaceSortie.inscription_id == Inscription.id)
        .where(Inscription.sortie_id == sortie_id, Inscription.foyer_id.is_not(None))
        .where(SortieEtape.vers == EtatSortie.ANNULEE, PlaceSortie.annulee_le == Inscription.close_le)
        .group_by(Inscription.foyer_id, Inscription.etat)
    )
    lost: dict[int, Perdu] = defaultdict(Perdu)
    for foyer_id, etat, count, prices in rows:
        assert foyer_id is not None
        mine = lost[foyer_id]
        if etat == EtatInscription.ANNULEE:
            mine.places, mine.rendu = mine.places + int(count), mine.rendu + int(prices)
    return lost

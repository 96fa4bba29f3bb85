"""What all the households of an outing are told at once: what has changed, or that it is cancelled.

One message a household, whatever it had there: seats, an offer, a place on the waiting list, or several of them.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from culture.agenda import fichier_ical
from culture.courriels.familles import cle_ical, contexte_de
from culture.ical import TYPE
from culture.models.inscriptions import Inscription, PlaceSortie
from culture.models.sorties import Lieu, Sortie, SortieEtape, SortieVersion
from culture.queries.sorties import sorties_par_cle
from culture.regles.etats import OUVERTES, VIVANTES, EtatInscription, EtatSortie
from foyers.messages import Annonce, dire_a_plusieurs
from foyers.models import Maison
from kernel.clock import PARIS
from kernel.documents import store
from kernel.formats import instant as en_mots
from kernel.web.words import _


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


def modification(session: Session, sortie_id: int, version: int, *, instant: datetime) -> None:
    """Tell who was registered what is new of hour and place, the old beside it; their money is untouched.

    A change that another one has followed is told with it, from what people last knew; what came back to where it
    was is not told at all. The event for calendars has its new version.
    """
    sortie = session.get_one(Sortie, sortie_id, with_for_update={"key_share": True})
    untold = session.scalars(
        select(SortieVersion)
        .where(SortieVersion.sortie_id == sortie_id, SortieVersion.dite_le.is_(None))
        .order_by(SortieVersion.version)
    ).all()
    if sortie.version != version or sortie.etat not in VIVANTES or not untold:
        return
    for row in untold:
        row.dite_le = instant
    seen = sorties_par_cle(session, [sortie_id])[sortie_id]
    changes = changements(session, untold[0], sortie)
    if not changes:
        return
    piece = cle_ical(seen)
    store(session, piece, "sortie.ics", fichier_ical(seen.titre, [seen], instant), TYPE)
    context = contexte_de(seen) | {"changements": changes}
    dire_a_plusieurs(
        session,
        [
            Annonce(
                foyer_id=foyer_id,
                cle=f"sortie_modifiee:{sortie_id}:{version}:{foyer_id}",
                modele="culture/modifiee",
                contexte=context,
                urgent=True,
                lettre=False,
                pieces=(piece,),
                utile_jusqu_au=sortie.debut_le.astimezone(PARIS).date(),
            )
            for foyer_id in _inscrits_avant(session, sortie_id, untold[-1].remplacee_le)
        ],
    )


def changements(session: Session, avant: SortieVersion, sortie: Sortie) -> list[dict[str, str]]:
    """Hour, place and meeting, as they were and as they are, where they differ."""
    venues = {key: session.get_one(Lieu, key) for key in (avant.lieu_id, sortie.lieu_id)}
    told = (
        (_("Début"), en_mots(avant.debut_le), en_mots(sortie.debut_le)),
        (_("Fin"), *(en_mots(one.debut_le + timedelta(minutes=one.duree_minutes)) for one in (avant, sortie))),
        (_("Lieu"), *(f"{venues[one.lieu_id].nom}, {venues[one.lieu_id].adresse}" for one in (avant, sortie))),
        (_("Rendez-vous"), en_mots(avant.rendez_vous_le), en_mots(sortie.rendez_vous_le)),
        (_("Lieu du rendez-vous"), avant.rendez_vous_lieu, sortie.rendez_vous_lieu),
    )
    return [{"quoi": what, "avant": before, "apres": after} for what, before, after in told if before != after]


def _inscrits_avant(session: Session, sortie_id: int, instant: datetime) -> list[int]:
    """Households with seats, an offer or a wait of before the change: who came since has read it as it is."""
    rows = session.scalars(
        select(Inscription.foyer_id)
        .where(Inscription.sortie_id == sortie_id, Inscription.etat.in_(OUVERTES), Inscription.foyer_id.is_not(None))
        .where(Inscription.depuis <= instant)
        .distinct()
        .order_by(Inscription.foyer_id)
    )
    return [key for key in rows if key is not None]

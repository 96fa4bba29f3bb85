"""What a household is told of its outings: booked, offered, overtaken, too late, given back.

Each message has a key, so it is written once whatever happens twice; what no longer holds when it is about to be
written is not told. Offered seats are urgent: a household without e-mail is called.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from culture.agenda import fichier_ical
from culture.ical import TYPE
from culture.liens import adresse_de_la_sortie, lien_des_places
from culture.queries.familles import InscriptionVue, inscription_vue
from culture.queries.sorties import SortieVue
from culture.regles.etats import EtatInscription
from foyers.messages import dire
from kernel.clock import PARIS, now
from kernel.documents import store


def confirmation(session: Session, inscription_id: int) -> None:
    """Tell that the seats are taken, for whom, when and where to meet; with the event for a calendar."""
    seen = _de_foyer(session, inscription_id)
    if seen is None or seen.etat != EtatInscription.CONFIRMEE:
        return
    piece = cle_ical(seen.sortie)
    store(session, piece, "sortie.ics", fichier_ical(seen.sortie.titre, [seen.sortie], now()), TYPE)
    _dire(session, seen, "confirmee", f"inscription:{seen.id}:confirmee", pieces=(piece,))


def places_offertes(session: Session, inscription_id: int) -> None:
    """Tell that seats are held for the group, and until when."""
    seen = _de_foyer(session, inscription_id)
    if seen is None or seen.etat != EtatInscription.OFFERTE or seen.expire_le is None:
        return
    extra = {"expire_le": seen.expire_le, "lien": lien_des_places(seen.id)}
    _dire(session, seen, "offerte", f"inscription:{seen.id}:offerte", extra, urgent=True, lettre=False)


def offre_expiree(session: Session, inscription_id: int) -> None:
    """Tell kindly that the seats are kept no longer."""
    seen = _de_foyer(session, inscription_id)
    if seen is not None:
        _dire(session, seen, "expiree", f"inscription:{seen.id}:expiree")


def groupe_depasse(session: Session, inscription_id: int) -> None:
    """Tell why a smaller group was served first; silent once the group has seats, or waits no more."""
    seen = _de_foyer(session, inscription_id)
    if seen is not None and seen.etat == EtatInscription.EN_ATTENTE:
        _dire(session, seen, "depassee", f"inscription:{seen.id}:depassee", {"rang": seen.rang})


def places_rendues(session: Session, inscription_id: int, restantes: int) -> None:
    """Tell that seats were given back, who still comes, and that the money is back on the account."""
    seen = _de_foyer(session, inscription_id)
    if seen is not None:
        _dire(session, seen, "rendues", f"inscription:{seen.id}:rendues:{restantes}", {"restantes": restantes})


def cle_ical(sortie: SortieVue) -> str:
    """The key of the outing's event for a calendar; each version has its own."""
    return f"sortie:{sortie.id}:{sortie.version}:ics"


def contexte_de(sortie: SortieVue) -> dict[str, Any]:
    """What every message about an outing may say of it, in primitives."""
    return {
        "titre": sortie.titre,
        "lieu": sortie.lieu,
        "adresse_lieu": sortie.adresse,
        "debut_le": sortie.debut_le,
        "rendez_vous_le": sortie.rendez_vous_le,
        "rendez_vous_lieu": sortie.rendez_vous_lieu,
        "acces": sortie.acces,
        "annulable": sortie.annulable_jusqu_a,
        "referente": sortie.maison,
        "referente_telephone": sortie.maison_telephone,
        "lien_sortie": adresse_de_la_sortie(sortie.id),
    }


def _dire(
    session: Session,
    seen: InscriptionVue,
    modele: str,
    cle: str,
    extra: Mapping[str, Any] | None = None,
    **how: Any,
) -> None:
    assert seen.foyer_id is not None
    context = contexte_de(seen.sortie) | {
        "noms": [f"{seat.prenom} {seat.nom}" for seat in seen.places],
        "nombre": len(seen.places),
        "prix": seen.prix,
    }
    day = seen.expire_le if modele == "offerte" and seen.expire_le else seen.sortie.debut_le
    dire(
        session,
        seen.foyer_id,
        cle=cle,
        modele=f"culture/{modele}",
        contexte=context | dict(extra or {}),
        utile_jusqu_au=day.astimezone(PARIS).date(),
        **how,
    )


def _de_foyer(session: Session, inscription_id: int) -> InscriptionVue | None:
    """The inscription of a household; a group without household is told by its agent."""
    seen = inscription_vue(session, inscription_id)
    return seen if seen is not None and seen.foyer_id is not None else None

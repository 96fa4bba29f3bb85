"""The evening's list: who has arrived, who has not, who came instead; every note stays, and is undone by another one.

An absence has no consequence by itself: it is there for an agent to read, and to ask how things are.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture.models.inscriptions import Inscription, PlaceSortie
from culture.models.pass_culture import PassCulture
from culture.models.soiree import Pointage
from culture.models.sorties import Sortie
from culture.regles.etats import ARRIVEES, EtatInscription, EtatSortie, Motif, Presence
from culture.regles.soiree import arrivee_a, pointage_ouvert
from culture.verrous import verrouiller_sortie
from foyers.noms import est_un_nom
from kernel import qr
from kernel.clock import PARIS
from kernel.errors import Introuvable, Refus
from kernel.formats import jour
from kernel.web.words import _


class Note(StrEnum):
    """What became of a note: written, there already by the same hand, or by another one (both are kept)."""

    ECRITE = "ecrite"
    INCHANGEE = "inchangee"
    DEJA = "deja"


def arriver(session: Session, place_id: int, *, instant: datetime, par: int | None) -> Note:
    """Somebody is there. A second device that says so leaves its row, and changes nothing. Raises Refus."""
    place, sortie = _ouvrir(session, place_id, instant)
    if place.presence in ARRIVEES:
        return _noter(session, place, Presence(place.presence), None, instant=instant, par=par)
    return _noter(session, place, arrivee_a(sortie.debut_le, instant), None, instant=instant, par=par)


def manquer(
    session: Session,
    place_id: int,
    *,
    prevenu: bool,
    motif: Motif | None = None,
    instant: datetime,
    par: int | None,
) -> Note:
    """Somebody has not come; `prevenu`: they had said so. Raises Refus."""
    place, _sortie = _ouvrir(session, place_id, instant)
    return _noter(session, place, Presence.EXCUSEE if prevenu else Presence.ABSENTE, motif, instant=instant, par=par)


def defaire(session: Session, place_id: int, *, instant: datetime, par: int | None) -> None:
    """Take back what was noted of somebody; who came instead goes with it. Harmless twice. Raises Refus."""
    place, _sortie = _ouvrir(session, place_id, instant, remplacee=True)
    for instead in _remplacants(session, place):
        instead.annulee_le, instead.annulee_par = instant, par
    if place.presence is None:
        return
    place.presence, place.presence_le, place.presence_par, place.presence_motif = None, None, None, None
    session.add(Pointage(place_id=place.id, par=par, le=instant))


def remplacer(
    session: Session,
    place_id: int,
    *,
    prenom: str,
    nom: str,
    enfant: bool = False,
    instant: datetime,
    par: int | None,
) -> PlaceSortie:
    """Somebody else takes, on the spot, the seat of who has not come; nothing more is due. Raises Refus."""
    place, sortie = _ouvrir(session, place_id, instant)
    if place.presence in ARRIVEES:
        raise Refus(_("Cette personne est là : sa place n’est pas libre. Annulez d’abord son arrivée."))
    first, last = " ".join(prenom.split()), " ".join(nom.split())
    if not (est_un_nom(first) and est_un_nom(last)):
        raise Refus(_("Écrivez le prénom et le nom, avec des lettres."), status=422)
    if place.presence is None:
        _noter(session, place, Presence.ABSENTE, None, instant=instant, par=par)
    instead = PlaceSortie(
        inscription_id=place.inscription_id,
        sortie_id=sortie.id,
        prenom=first,
        nom=last,
        invite=True,
        adulte=not enfant,
        prix=0,
        cout=0,
        remplace_id=place.id,
        demandee_le=instant,
    )
    session.add(instead)
    session.flush()  # its note names it
    _noter(session, instead, arrivee_a(sortie.debut_le, instant), None, instant=instant, par=par)
    return instead


def autoriser(session: Session, place_id: int, *, vue: bool, instant: datetime, par: int | None) -> None:
    """The parents' paper has been seen, or (`vue` False) was ticked by mistake. Harmless twice."""
    place, _sortie = _ouvrir(session, place_id, instant, tot=True)
    if place.adulte:
        raise Refus(_("Un adulte n’a pas besoin de l’accord de ses parents."))
    if vue != (place.autorisation_le is not None):
        place.autorisation_le, place.autorisation_par = (instant, par) if vue else (None, None)


def place_du_pass(session: Session, sortie_id: int, texte: str, instant: datetime) -> int:
    """The seat at that outing of whoever holds this card. Raises Refus, saying what the card is instead."""
    try:
        code = qr.verify_pass(texte, instant.astimezone(PARIS).date()).id
    except (qr.Expired, qr.NotYetValid):
        raise Refus(_("Cette carte n’est pas de cette saison. Cherchez la personne par son nom.")) from None
    except qr.BadVoucher:
        raise Refus(_("Ce code n’est pas celui d’une carte de sorties. Cherchez la personne par son nom.")) from None
    card = session.scalars(select(PassCulture).where(PassCulture.code == code)).one_or_none()
    if card is None or card.annule_le is not None:
        raise Refus(_("Cette carte ne compte plus. Cherchez la personne par son nom : sa place reste la sienne."))
    found = session.scalar(
        select(PlaceSortie.id)
        .join(Inscription, Inscription.id == PlaceSortie.inscription_id)
        .where(PlaceSortie.sortie_id == sortie_id, PlaceSortie.annulee_le.is_(None))
        .where(Inscription.etat == EtatInscription.CONFIRMEE, PlaceSortie.membre_id == card.membre_id)
    )
    if found is None:
        raise Refus(_("Cette personne n’a pas de place à cette sortie. Elle peut prendre celle d’une absente."))
    return found


def _ouvrir(
    session: Session, place_id: int, instant: datetime, *, remplacee: bool = False, tot: bool = False
) -> tuple[PlaceSortie, Sortie]:
    """The seat as it now stands, its outing locked, once presences can be noted (`tot`: before, too). Raises Refus."""
    place = session.get(PlaceSortie, place_id)
    if place is None:
        raise Introuvable
    sortie = verrouiller_sortie(session, place.sortie_id)
    session.refresh(place)
    inscription = session.get_one(Inscription, place.inscription_id, populate_existing=True)
    if place.annulee_le is not None or inscription.etat != EtatInscription.CONFIRMEE:
        raise Refus(_("Cette place a été rendue. Regardez la liste : elle est à jour."))
    if sortie.etat == EtatSortie.ANNULEE:
        raise Refus(_("Cette sortie est annulée."))
    ends = sortie.debut_le + timedelta(minutes=sortie.duree_minutes)
    if not tot and not pointage_ouvert(sortie.rendez_vous_le, ends, instant):
        raise Refus(_("La liste s’ouvre %(jour)s, et se corrige une semaine après.", jour=jour(sortie.rendez_vous_le)))
    if not remplacee and _remplacants(session, place):
        raise Refus(_("Quelqu’un a déjà pris cette place. Annulez d’abord ce remplacement."))
    return place, sortie


def _remplacants(session: Session, place: PlaceSortie) -> list[PlaceSortie]:
    instead = select(PlaceSortie).where(PlaceSortie.remplace_id == place.id, PlaceSortie.annulee_le.is_(None))
    return list(session.scalars(instead.execution_options(populate_existing=True)))


def _noter(
    session: Session,
    place: PlaceSortie,
    presence: Presence,
    motif: Motif | None,
    *,
    instant: datetime,
    par: int | None,
) -> Note:
    same = place.presence == presence and place.presence_motif == motif
    if same and place.presence_par == par:
        return Note.INCHANGEE
    session.add(Pointage(place_id=place.id, presence=presence, motif=motif, par=par, le=instant))
    if same:
        return Note.DEJA
    place.presence, place.presence_le, place.presence_par, place.presence_motif = presence, instant, par, motif
    return Note.ECRITE

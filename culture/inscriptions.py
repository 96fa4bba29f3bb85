"""Booking seats at an outing: some people of a household and named guests, in one act, all or nothing.

Who comes first is decided by the outing's lock (`verrous`); the database counts once more by itself (ADR 0012).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture import attente
from culture.attente import avancer, places_tenues
from culture.comptabilite import debiter_places, ecriture_des_places, lignes_des_places, reprendre_places
from culture.conditions import (
    Personne,
    Voyageur,
    exiger_les_limites,
    exiger_sans_chevauchement,
    exiger_une_sortie_ouverte,
    voyageurs,
)
from culture.events import InscriptionConfirmee, PlacesRendues
from culture.models.inscriptions import Inscription, InscriptionEtape, PlaceSortie
from culture.models.sorties import Sortie
from culture.regles.etats import EtatInscription, EtatSortie
from culture.verrous import verrouiller_foyers, verrouiller_sortie
from foyers.models import Maison
from kernel.errors import Refus
from kernel.formats import instant as en_mots
from kernel.formats import telephone
from kernel.outbox import publish
from kernel.web.words import _
from paiements import grand_livre


@dataclass(frozen=True, slots=True)
class Acte:
    """Who books and when: a household of a maison, or (`foyer_id` None) those of a group who have none."""

    maison_id: int
    instant: datetime
    par: int | None
    foyer_id: int | None
    groupe_id: int | None = None


def inscrire(
    session: Session,
    *,
    sortie_id: int,
    foyer_id: int,
    personnes: Sequence[Personne],
    instant: datetime,
    par: int | None = None,
    attendre: bool = False,
    chevauchement_su: bool = False,
) -> Inscription:
    """Book seats for these people; with `attendre`, stand on the waiting list when they do not all fit.

    `par`: the agent who does it in their name. `chevauchement_su`: they know that somebody is elsewhere at that hour.
    Raises Refus, and nothing is written, when one of them may not come or there is no room for all.
    """
    foyer = verrouiller_foyers(session, [foyer_id])[foyer_id]
    sortie = verrouiller_sortie(session, sortie_id)
    exiger_une_sortie_ouverte(sortie, instant)
    if attendre and _attend_deja(session, sortie_id, foyer_id):
        raise Refus(_("Votre foyer attend déjà des places pour cette sortie. Quittez d’abord cette demande."))
    going = voyageurs(session, sortie, foyer_id, personnes, instant)
    exiger_les_limites(session, sortie, foyer_id, going)
    if not chevauchement_su:
        exiger_sans_chevauchement(session, sortie, going)
    # In the rush on the last seats nobody waits yet: that is asked once.
    waited_for = attente.on_attend(session, sortie_id)
    if waited_for:
        attente.servir(session, sortie, instant)
    free = attente.occupation(session, sortie, instant).libres_pour(foyer.maison_id)
    act = Acte(foyer.maison_id, instant, par, foyer_id)
    if len(going) <= free:
        made = confirmer(session, sortie, going, act)
        if waited_for:
            prevenir_les_grands(session, sortie, len(going), instant)
        return made
    if attendre:
        return _ouvrir(session, sortie, _places(sortie, going, act), act, EtatInscription.EN_ATTENTE)
    raise Refus(_complet(free))


def confirmer(session: Session, sortie: Sortie, going: Sequence[Voyageur], act: Acte) -> Inscription:
    """Take seats of the locked outing for people who may come; there is room for them."""
    seats = _places(sortie, going, act)
    lines = lignes_des_places(act.foyer_id, sortie, seats)
    made = _ouvrir(session, sortie, seats, act, EtatInscription.CONFIRMEE, ecritures=1 if lines else 0)
    if lines:
        grand_livre.passer_en_lot(session, [ecriture_des_places(made, sortie, lines, act.instant)])
    publish(session, InscriptionConfirmee(made.id))
    return made


def annuler(
    session: Session,
    inscription_id: int,
    *,
    instant: datetime,
    places: Sequence[int] | None = None,
    par: int | None = None,
) -> None:
    """Give back some seats of a booking (None: all of them); the money is back on the account, the list is served.

    Harmless twice. A family does it until the outing's deadline; an agent (`par`) until people meet. Raises Refus.
    """
    inscription, sortie = attente.verrouiller(session, inscription_id)
    if inscription.etat != EtatInscription.CONFIRMEE:
        return
    _exiger_le_delai(session, sortie, instant, par)
    held = places_tenues(session, inscription.id)
    given_back = [place for place in held if places is None or place.id in places]
    kept = [place for place in held if place not in given_back]
    if not given_back:
        return
    if kept and inscription.foyer_id is not None and all(place.invite for place in kept):
        raise Refus(_("Vos invités viennent avec quelqu’un de votre foyer. Annulez aussi leurs places, ou venez !"))
    for place in given_back:
        place.annulee_le, place.annulee_par = instant, par
    reprendre_places(session, inscription, _("Places rendues : %(titre)s", titre=sortie.titre))
    if kept:
        debiter_places(session, inscription, sortie, kept, instant)
    else:
        avancer(session, inscription, EtatInscription.ANNULEE, instant, par)
    publish(session, PlacesRendues(inscription.id, len(kept)))
    session.flush()  # what is free is counted by a query
    attente.servir(session, sortie, instant)


def prevenir_les_grands(session: Session, sortie: Sortie, nombre: int, instant: datetime) -> None:
    """Who waits does not fit, or it would have been offered seats: whoever is larger is told it was overtaken."""
    larger = [one.id for one in attente.en_attente(session, sortie.id) if one.nombre > nombre]
    if larger:
        rows = session.scalars(select(Inscription).where(Inscription.id.in_(larger)).order_by(Inscription.id))
        attente.depasser(session, rows.all(), instant)


def _ouvrir(
    session: Session,
    sortie: Sortie,
    seats: Sequence[PlaceSortie],
    act: Acte,
    etat: EtatInscription,
    *,
    ecritures: int = 0,
) -> Inscription:
    """Write an inscription, its first step and its seats; the database counts them now."""
    made = Inscription(
        sortie_id=sortie.id,
        foyer_id=act.foyer_id,
        groupe_id=act.groupe_id,
        maison_id=act.maison_id,
        etat=etat,
        depuis=act.instant,
        par=act.par,
        confirmee_le=act.instant if etat is EtatInscription.CONFIRMEE else None,
        ecriture=ecritures,
    )
    session.add(made)
    session.flush()  # its seats and its first step name it
    session.add(InscriptionEtape(inscription_id=made.id, de=None, vers=etat, par=act.par, le=act.instant))
    for seat in seats:
        seat.inscription_id = made.id
    session.add_all(seats)
    session.flush()
    return made


def _places(sortie: Sortie, going: Sequence[Voyageur], act: Acte) -> list[PlaceSortie]:
    """The seats of these people, yet to be written."""
    return [
        PlaceSortie(
            sortie_id=sortie.id,
            membre_id=one.membre_id,
            prenom=one.prenom,
            nom=one.nom,
            invite=one.invite,
            adulte=one.adulte,
            age=one.age,
            besoins=[str(need) for need in one.besoins],
            prix=one.prix,
            demandee_le=act.instant,
        )
        for one in going
    ]


def _attend_deja(session: Session, sortie_id: int, foyer_id: int) -> bool:
    waiting = select(Inscription.id).where(
        Inscription.sortie_id == sortie_id,
        Inscription.foyer_id == foyer_id,
        Inscription.etat.in_((EtatInscription.EN_ATTENTE, EtatInscription.OFFERTE)),
    )
    return session.scalars(waiting).first() is not None


def _exiger_le_delai(session: Session, sortie: Sortie, instant: datetime, par: int | None) -> None:
    if sortie.etat in (EtatSortie.TENUE, EtatSortie.ANNULEE):
        raise Refus(_("Cette sortie est passée ou annulée : il n’y a plus rien à annuler."))
    if par is not None and instant >= sortie.rendez_vous_le:
        raise Refus(_("Le groupe est déjà parti : notez plutôt une absence sur la liste de la sortie."))
    if par is None and instant >= sortie.annulable_jusqu_a:
        maison = session.get_one(Maison, sortie.maison_id)
        raise Refus(
            _(
                "Une place se rend en ligne jusqu’à %(quand)s. Appelez la maison %(maison)s au %(numero)s : elle"
                " arrange cela avec vous.",
                quand=en_mots(sortie.annulable_jusqu_a),
                maison=maison.nom,
                numero=telephone(maison.telephone),
            )
        )


def _complet(free: int) -> str:
    if free == 0:
        return _("Il n’y a plus de place à cette sortie. Vous pouvez vous inscrire sur la liste d’attente.")
    if free == 1:
        return _(
            "Il ne reste qu’une place, et vous êtes plus nombreux. Rien n’est réservé : venez à moins, ou"
            " inscrivez-vous tous sur la liste d’attente."
        )
    return _(
        "Il ne reste que %(n)d places, et vous êtes plus nombreux. Rien n’est réservé : venez à moins, ou"
        " inscrivez-vous tous sur la liste d’attente.",
        n=free,
    )

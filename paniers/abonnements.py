"""Subscriptions: taken, changed, paused, left. What was said stays readable: each change is a new dated version.

`par` is who does it in the household's name: an agent's account, or None for the household itself. `places` tells what
a place is and in which order locks are taken.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel.errors import Introuvable, Refus
from kernel.formats import jour
from kernel.outbox import publish
from paniers.attente import DUREE, UNE_SEMAINE, demande_ouverte, retirer, satisfaire, servir, servir_tous
from paniers.events import AbonnementSouscrit
from paniers.models.semaines import Abonnement, AbonnementVersion, Pause
from paniers.places import (
    exiger_des_places,
    exiger_ouverte,
    verrouiller_foyer,
    verrouiller_maisons,
)
from paniers.semaines import prochaine_ouverte
from paniers.versions import (
    en_cours,
    exiger_les_visites,
    foyer_de,
    ouvrir,
    remplacer,
    verrouiller_abonnement,
    visites_de,
)

PAUSE_LA_PLUS_LONGUE = timedelta(weeks=12)
TERME_LE_PLUS_LONG = timedelta(weeks=53)
TERMINE = "Votre abonnement est terminé. Vous pouvez en prendre un nouveau, dans la maison de votre choix."


@dataclass(frozen=True, slots=True)
class Terme:
    """The first and last day of a subscription, any day; None: the first open week, three months."""

    debut: date | None = None
    fin: date | None = None


def souscrire(
    session: Session,
    *,
    foyer_id: int,
    maison_id: int,
    nombre: int,
    instant: datetime,
    par: int | None = None,
    terme: Terme | None = None,
    annoncer: bool = True,
) -> Abonnement:
    """Subscribe a household for three months, from the first week that is still open.

    A subscription that is taken over from elsewhere keeps its own `terme`, and nobody is written to unless `annoncer`.
    Raises Refus when the maison is full or closed, the term is over, or the household has a subscription already.
    """
    # Two tabs of one household queue here, so that the check below sees the other's subscription.
    verrouiller_foyer(session, foyer_id)
    maison = exiger_ouverte(verrouiller_maisons(session, maison_id), maison_id)
    premier = prochaine_ouverte(session, instant).retrait_le
    if en_cours(session, foyer_id, premier) is not None:
        raise Refus("Votre foyer est déjà abonné. Vous pouvez modifier votre abonnement sur sa page.")
    _exiger_un_ou_deux(nombre)
    debut, fin = retraits_du_terme(terme or Terme(), premier)
    _prendre(session, maison, nombre, foyer_id=foyer_id, instant=instant, par=par)
    abonnement = ouvrir(
        session,
        foyer_id=foyer_id,
        maison_id=maison_id,
        nombre=nombre,
        debut=debut,
        fin=fin,
        instant=instant,
        par=par,
    )
    if annoncer:
        publish(session, AbonnementSouscrit(abonnement.id))
    return abonnement


def changer_maison(
    session: Session, abonnement_id: int, *, maison_id: int, instant: datetime, par: int | None = None
) -> None:
    """Pick up at another maison from the next open week on. Raises Refus when it is full or closed, or when the
    subscription is over."""
    version = verrouiller_abonnement(session, abonnement_id)
    maisons = verrouiller_maisons(session, maison_id, version.maison_id)
    maison, left = exiger_ouverte(maisons, maison_id), maisons[version.maison_id]
    if version.maison_id == maison_id:
        return
    _exiger_en_cours(session, version, instant)
    foyer_id = foyer_de(session, abonnement_id)
    _prendre(session, maison, version.nombre, foyer_id=foyer_id, instant=instant, par=par)
    remplacer(session, version, instant, par=par, maison_id=maison_id)
    servir(session, left, instant)


def changer_nombre(
    session: Session, abonnement_id: int, *, nombre: int, instant: datetime, par: int | None = None
) -> None:
    """One basket or two, from the next open week on. Raises Refus when a second one does not fit, here or where the
    household is a visitor in an open week."""
    version = verrouiller_abonnement(session, abonnement_id)
    visits = visites_de(session, version, version.debut)
    maisons = verrouiller_maisons(session, version.maison_id, *(visit.maison_id for visit in visits))
    _exiger_un_ou_deux(nombre)
    if version.nombre == nombre:
        return
    _exiger_en_cours(session, version, instant)
    if nombre > version.nombre:
        own = maisons[version.maison_id]
        servir(session, own, instant)
        exiger_des_places(session, own, nombre - version.nombre, instant)
        exiger_les_visites(session, visits, maisons, nombre, instant)
    remplacer(session, version, instant, par=par, nombre=nombre)
    servir_tous(session, maisons.values(), instant)


def quitter(
    session: Session,
    abonnement_id: int,
    *,
    instant: datetime,
    dernier: date | None = None,
    par: int | None = None,
) -> date | None:
    """End the subscription with the pick-up of `dernier`, or before the next open week; returns its last pick-up day,
    None when none was left.

    A week already closed stays due: its basket is being made. Who leaves waits for no other place.
    """
    version = verrouiller_abonnement(session, abonnement_id)
    demande = demande_ouverte(session, foyer_de(session, abonnement_id))
    visits = visites_de(session, version, version.debut)
    maisons = verrouiller_maisons(
        session,
        version.maison_id,
        demande.maison_id if demande else None,
        *(visit.maison_id for visit in visits),
    )
    demande = demande_ouverte(session, foyer_de(session, abonnement_id))
    if demande is not None:
        retirer(demande, instant, par)
    closed = prochaine_ouverte(session, instant).retrait_le - UNE_SEMAINE
    last = min(max(closed, dernier or closed), version.fin)
    if version.fin > closed and (last, True) != (version.fin, version.quitte):
        remplacer(session, version, instant, par=par, fin=last, quitte=True)
    servir_tous(session, maisons.values(), instant)
    return last if last >= version.debut else None


def mettre_en_pause(
    session: Session, abonnement_id: int, *, du: date, au: date, instant: datetime, par: int | None = None
) -> Pause:
    """No baskets for the pick-up days from `du` to `au`. Raises Refus for days that cannot be paused."""
    version = verrouiller_abonnement(session, abonnement_id)
    if au < du:
        raise Refus("La fin de la pause vient avant son début. Vérifiez les deux dates.")
    if au - du > PAUSE_LA_PLUS_LONGUE:
        raise Refus("Une pause dure douze semaines au plus. Au-delà, quittez l’abonnement : vous reviendrez.")
    if au < prochaine_ouverte(session, instant).retrait_le:
        raise Refus("Cette semaine est déjà close : son panier est en préparation. Choisissez des dates plus tard.")
    _exiger_en_cours(session, version, instant)
    _exiger_des_retraits(version, du, au)
    if _pauses(session, abonnement_id, du, au):
        raise Refus("Une pause couvre déjà une partie de ces dates.")
    pause = Pause(abonnement_id=abonnement_id, du=du, au=au, posee_le=instant, par=par)
    session.add(pause)
    return pause


def lever_pause(session: Session, pause_id: int, *, instant: datetime) -> None:
    """Baskets come again from the next open week on."""
    pause = session.get(Pause, pause_id, with_for_update=True)
    if pause is None:
        raise Introuvable
    if pause.levee_le is None:
        pause.levee_le = instant


def retraits_du_terme(terme: Terme, premier: date) -> tuple[date, date]:
    """The first and last pick-up day of the term, from the open week's day `premier` on. Raises Refus."""
    late = max((terme.debut or premier) - premier, timedelta())
    if late > TERME_LE_PLUS_LONG:
        raise Refus("Un abonnement commence dans l’année. Vérifiez la date de début.")
    debut = premier + timedelta(weeks=-(-late.days // 7))
    if terme.fin is None:
        return debut, debut + DUREE - UNE_SEMAINE
    if terme.fin < debut:
        raise Refus("Cet abonnement finit avant son premier panier. Vérifiez les deux dates.")
    if terme.fin - debut > TERME_LE_PLUS_LONG:
        raise Refus("Un abonnement dure un an au plus. Vérifiez la date de fin.")
    return debut, debut + timedelta(weeks=(terme.fin - debut).days // 7)


def _prendre(
    session: Session, maison: Maison, nombre: int, *, foyer_id: int, instant: datetime, par: int | None
) -> None:
    """Make sure of places at the locked maison: who waits there is served first, the household's own request is met.

    Raises Refus.
    """
    satisfaire(session, foyer_id, maison.id, instant, par)
    servir(session, maison, instant)
    exiger_des_places(session, maison, nombre, instant, sauf=foyer_id)


def _exiger_un_ou_deux(nombre: int) -> None:
    if nombre not in (1, 2):
        raise Refus("Un abonnement compte un ou deux paniers.")


def _exiger_en_cours(session: Session, version: AbonnementVersion, instant: datetime) -> None:
    if version.fin < prochaine_ouverte(session, instant).retrait_le:
        raise Refus(TERMINE)


def _exiger_des_retraits(version: AbonnementVersion, first: date, last: date) -> None:
    """Raises Refus for days on which the household has no pick-up anyway."""
    if first > version.fin:
        raise Refus(f"Votre abonnement s’arrête {jour(version.fin)}. Choisissez des dates avant.")
    day = version.debut
    if first > day:
        day += UNE_SEMAINE * -(-(first - day).days // 7)
    if day > last:
        raise Refus(f"Aucun panier n’est prévu entre ces deux dates. Le prochain est {jour(day)}.")


def _pauses(session: Session, abonnement_id: int, du: date, au: date) -> bool:
    overlap = select(Pause.id).where(
        Pause.abonnement_id == abonnement_id, Pause.levee_le.is_(None), Pause.du <= au, Pause.au >= du
    )
    return session.execute(overlap.limit(1)).first() is not None

"""Subscriptions: taken, changed, paused, left. What was said stays readable: each change is a new dated version."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.models import Foyer, Maison
from kernel.errors import Introuvable, Refus
from kernel.outbox import publish
from paniers.events import AbonnementSouscrit
from paniers.models import Abonnement, AbonnementVersion, Pause
from paniers.semaines import prochaine_ouverte

DUREE_SEMAINES = 13  # three months, the scheme's least
PAUSE_LA_PLUS_LONGUE = timedelta(weeks=12)

TERME_LE_PLUS_LONG = timedelta(weeks=53)

# Rows are locked against one another's changes, not against the foreign keys of the baskets that a closing writes:
# a family and a closing never wait for each other in a ring.
VERROU = {"key_share": True}


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
    terme: Terme | None = None,
    annoncer: bool = True,
) -> Abonnement:
    """Subscribe a household for three months, from the first week that is still open.

    A subscription that is taken over from elsewhere keeps its own `terme`, and nobody is written to unless `annoncer`.
    Raises Refus when the maison is full or closed, the term is over, or the household has a subscription already.
    """
    maison = _maison_verrouillee(session, maison_id)
    # Two tabs of one household queue here, so that the check below sees the other's subscription.
    session.get_one(Foyer, foyer_id, with_for_update=VERROU)
    semaine = prochaine_ouverte(session, instant)
    if en_cours(session, foyer_id, semaine.retrait_le) is not None:
        raise Refus("Votre foyer est déjà abonné. Vous pouvez modifier votre abonnement sur sa page.")
    if nombre not in (1, 2):
        raise Refus("Un abonnement compte un ou deux paniers.")
    debut, fin = retraits_du_terme(terme or Terme(), semaine.retrait_le)
    _exiger_des_places(session, maison, nombre, semaine.retrait_le)
    abonnement = Abonnement(foyer_id=foyer_id, souscrit_le=instant)
    session.add(abonnement)
    session.flush()  # its id goes into the version and the fact
    version = AbonnementVersion(
        abonnement_id=abonnement.id,
        depuis=instant,
        maison_id=maison_id,
        nombre=nombre,
        debut=debut,
        fin=fin,
    )
    session.add(version)
    if annoncer:
        publish(session, AbonnementSouscrit(abonnement.id))
    return abonnement


def changer_maison(session: Session, abonnement_id: int, *, maison_id: int, instant: datetime) -> None:
    """Pick up at another maison from the next open week on. Raises Refus when it is full or closed, or when the
    subscription is over."""
    maison = _maison_verrouillee(session, maison_id)
    version = _version_verrouillee(session, abonnement_id)
    if version.maison_id == maison_id:
        return
    prochain = prochaine_ouverte(session, instant).retrait_le
    if version.fin < prochain:
        raise Refus("Votre abonnement est terminé. Vous pouvez en prendre un nouveau, dans la maison de votre choix.")
    _exiger_des_places(session, maison, version.nombre, prochain)
    _remplacer(session, version, instant, maison_id=maison_id)


def quitter(session: Session, abonnement_id: int, *, instant: datetime) -> date | None:
    """End the subscription before the next open week; returns its last pick-up day, None when none was left.

    A week already closed stays due: its basket is being made.
    """
    version = _version_verrouillee(session, abonnement_id)
    last = prochaine_ouverte(session, instant).retrait_le - timedelta(days=7)
    if version.fin <= last:
        return version.fin
    _remplacer(session, version, instant, fin=last)
    return last if last >= version.debut else None


def mettre_en_pause(session: Session, abonnement_id: int, *, du: date, au: date, instant: datetime) -> Pause:
    """No baskets for the pick-up days from `du` to `au`. Raises Refus for days that cannot be paused."""
    _version_verrouillee(session, abonnement_id)
    if au < du:
        raise Refus("La fin de la pause vient avant son début. Vérifiez les deux dates.")
    if au - du > PAUSE_LA_PLUS_LONGUE:
        raise Refus("Une pause dure douze semaines au plus. Au-delà, quittez l’abonnement : vous reviendrez.")
    if au < prochaine_ouverte(session, instant).retrait_le:
        raise Refus("Cette semaine est déjà close : son panier est en préparation. Choisissez des dates plus tard.")
    if _pauses(session, abonnement_id, du, au):
        raise Refus("Une pause couvre déjà une partie de ces dates.")
    pause = Pause(abonnement_id=abonnement_id, du=du, au=au, posee_le=instant)
    session.add(pause)
    return pause


def lever_pause(session: Session, pause_id: int, *, instant: datetime) -> None:
    """Baskets come again from the next open week on."""
    pause = session.get(Pause, pause_id, with_for_update=True)
    if pause is None:
        raise Introuvable
    if pause.levee_le is None:
        pause.levee_le = instant


def en_cours(session: Session, foyer_id: int, jour: date) -> AbonnementVersion | None:
    """The household's subscription that still has pick-ups on or after `jour`, as it stands now."""
    return session.scalars(
        select(AbonnementVersion)
        .join(Abonnement, Abonnement.id == AbonnementVersion.abonnement_id)
        .where(Abonnement.foyer_id == foyer_id, AbonnementVersion.jusqu_a.is_(None))
        .where(AbonnementVersion.fin >= jour, AbonnementVersion.debut <= AbonnementVersion.fin)
        .order_by(AbonnementVersion.debut)
        .limit(1)
    ).one_or_none()


def places_prises(session: Session, jour: date) -> dict[int, int]:
    """Maison → baskets subscribed there on or after `jour`; a pause keeps its place."""
    taken = session.execute(
        select(AbonnementVersion.maison_id, func.sum(AbonnementVersion.nombre))
        .where(AbonnementVersion.jusqu_a.is_(None), AbonnementVersion.fin >= jour)
        .where(AbonnementVersion.debut <= AbonnementVersion.fin)
        .group_by(AbonnementVersion.maison_id)
    )
    return {maison_id: int(count) for maison_id, count in taken}


def retraits_du_terme(terme: Terme, premier: date) -> tuple[date, date]:
    """The first and last pick-up day of the term, from the open week's day `premier` on. Raises Refus."""
    late = max((terme.debut or premier) - premier, timedelta())
    if late > TERME_LE_PLUS_LONG:
        raise Refus("Un abonnement commence dans l’année. Vérifiez la date de début.")
    debut = premier + timedelta(weeks=-(-late.days // 7))
    if terme.fin is None:
        return debut, debut + timedelta(weeks=DUREE_SEMAINES - 1)
    if terme.fin < debut:
        raise Refus("Cet abonnement finit avant son premier panier. Vérifiez les deux dates.")
    if terme.fin - debut > TERME_LE_PLUS_LONG:
        raise Refus("Un abonnement dure un an au plus. Vérifiez la date de fin.")
    return debut, debut + timedelta(weeks=(terme.fin - debut).days // 7)


def _maison_verrouillee(session: Session, maison_id: int) -> Maison:
    """The maison, locked so that two families cannot take its last place."""
    maison = session.get(Maison, maison_id, with_for_update=VERROU, populate_existing=True)
    if maison is None or not maison.active:
        raise Refus("Cette maison ne distribue pas de paniers. Choisissez-en une autre.")
    return maison


def _exiger_des_places(session: Session, maison: Maison, nombre: int, jour: date) -> None:
    if places_prises(session, jour).get(maison.id, 0) + nombre > maison.places:
        raise Refus(f"La maison {maison.nom} est complète. Choisissez une autre maison, ou parlez-en à l’accueil.")


def _version_verrouillee(session: Session, abonnement_id: int) -> AbonnementVersion:
    """What the subscription says now. Raises Introuvable.

    The subscription itself is locked: whoever waited for another change reads the version that came of it.
    """
    if session.get(Abonnement, abonnement_id, with_for_update=VERROU) is None:
        raise Introuvable
    return session.scalars(
        select(AbonnementVersion)
        .where(AbonnementVersion.abonnement_id == abonnement_id, AbonnementVersion.jusqu_a.is_(None))
        .execution_options(populate_existing=True)
    ).one()


def _remplacer(
    session: Session,
    version: AbonnementVersion,
    instant: datetime,
    *,
    maison_id: int | None = None,
    fin: date | None = None,
) -> None:
    """Close `version` at `instant` and open the one that follows it."""
    # Who waited for the lock said so a moment before what is there by now: versions follow one another all the same.
    instant = max(instant, version.depuis)
    version.jusqu_a = instant
    session.flush()  # at most one version in force: the old one is closed before the new one is there
    session.add(
        AbonnementVersion(
            abonnement_id=version.abonnement_id,
            depuis=instant,
            maison_id=maison_id or version.maison_id,
            nombre=version.nombre,
            debut=version.debut,
            fin=fin or version.fin,
        )
    )


def _pauses(session: Session, abonnement_id: int, du: date, au: date) -> bool:
    overlap = select(Pause.id).where(
        Pause.abonnement_id == abonnement_id, Pause.levee_le.is_(None), Pause.du <= au, Pause.au >= du
    )
    return session.execute(overlap.limit(1)).first() is not None

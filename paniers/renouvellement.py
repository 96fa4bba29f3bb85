"""A term ends: its household is told three weeks and one week ahead, and renews with one button, or not.

Nothing renews by itself: a renewal is three more months to pay, and nobody comes to owe them by saying nothing (ADR).
"""

from datetime import date, datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import PARIS
from kernel.errors import Refus
from kernel.formats import jour
from kernel.outbox import publish
from paniers.abonnements import TERMINE
from paniers.attente import DUREE
from paniers.events import AbonnementRenouvele, FinDeTermeApprochee
from paniers.models.attente import AvisTerme
from paniers.models.semaines import AbonnementVersion
from paniers.places import verrouiller_maisons
from paniers.semaines import prochaine_ouverte
from paniers.versions import remplacer, verrouiller_abonnement

# Four weeks: who comes to renew just before the first notice is not sent away.
RENOUVELABLE = timedelta(weeks=4)
PREMIER_AVIS, DERNIER_AVIS = 3, 1
"""Weeks ahead of the last pick-up: three, to decide in peace; one, while the place is still kept."""


def renouveler(
    session: Session, abonnement_id: int, *, instant: datetime, fin: date | None = None, par: int | None = None
) -> date:
    """Three more months at the same maison, with as many baskets; returns the new last pick-up day.

    `fin` is the end that the household saw: renewing that same term twice is renewing once. Raises Refus too early, or
    once the cut-off of the last pick-up has passed: the place may be another family's by then.
    """
    version = verrouiller_abonnement(session, abonnement_id)
    verrouiller_maisons(session, version.maison_id)
    if fin is not None and version.fin > fin:
        return version.fin
    if not est_renouvelable(version, prochaine_ouverte(session, instant).retrait_le):
        raise Refus(_pas_maintenant(version, prochaine_ouverte(session, instant).retrait_le))
    new = version.fin + DUREE
    remplacer(session, version, instant, par=par, fin=new, quitte=False)
    publish(session, AbonnementRenouvele(abonnement_id))
    return new


def est_renouvelable(version: AbonnementVersion, prochain: date) -> bool:
    """Whether the term may be renewed, `prochain` being the pick-up day of the next open week."""
    # Who had said that it leaves may stay after all, however far off its last pick-up.
    return prochain <= version.fin and (version.quitte or version.fin - prochain <= RENOUVELABLE)


def annoncer_fins_de_terme(session: Session, instant: datetime) -> list[int]:
    """Write the notices that are due, each once; a notice that nobody could follow any more is not sent.

    A first notice that comes a week before the end is the last one: two at a time would be one too many.
    """
    today = instant.astimezone(PARIS).date()
    told = exists().where(
        AvisTerme.abonnement_id == AbonnementVersion.abonnement_id,
        AvisTerme.fin == AbonnementVersion.fin,
        AvisTerme.semaines == DERNIER_AVIS,
    )
    due = session.scalars(
        select(AbonnementVersion)
        .where(AbonnementVersion.jusqu_a.is_(None), ~AbonnementVersion.quitte)
        .where(AbonnementVersion.debut <= AbonnementVersion.fin)
        .where(AbonnementVersion.fin <= today + timedelta(weeks=PREMIER_AVIS))
        .where(AbonnementVersion.fin >= prochaine_ouverte(session, instant).retrait_le)
        .where(~told)
        .order_by(AbonnementVersion.abonnement_id)
    ).all()
    notices = [
        {"abonnement_id": version.abonnement_id, "fin": version.fin, "semaines": weeks, "le": instant}
        for version in due
        for weeks in (DERNIER_AVIS if version.fin <= today + timedelta(weeks=DERNIER_AVIS) else PREMIER_AVIS,)
    ]
    if not notices:
        return []
    # Two timetables at once: the second waits for the first one's rows and finds nothing to tell.
    written = insert(AvisTerme).values(notices).on_conflict_do_nothing().returning(AvisTerme.id)
    made = list(session.scalars(written))
    publish(session, *(FinDeTermeApprochee(avis_id) for avis_id in made))
    return made


def _pas_maintenant(version: AbonnementVersion, prochain: date) -> str:
    if version.fin < prochain:
        return TERMINE
    first = version.fin - RENOUVELABLE
    return f"Votre abonnement court jusqu’au {jour(version.fin)}. Vous pourrez le renouveler à partir du {jour(first)}."

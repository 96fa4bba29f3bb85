"""What a subscription says, version after version: read, locked, begun, replaced; never overwritten."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel.errors import Introuvable
from paniers.models.semaines import Abonnement, AbonnementVersion, Choix, Semaine
from paniers.places import VERROU, exiger_une_place_le, verrouiller_foyer
from paniers.regles.etats import EtatSemaine


@dataclass(frozen=True, slots=True)
class Visite:
    """A household picks up at another maison on that day of an open week."""

    foyer_id: int
    maison_id: int
    retrait_le: date


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


def foyer_de(session: Session, abonnement_id: int) -> int:
    """Whose subscription it is. Raises Introuvable."""
    foyer_id = session.scalar(select(Abonnement.foyer_id).where(Abonnement.id == abonnement_id))
    if foyer_id is None:
        raise Introuvable
    return foyer_id


def verrouiller_abonnement(session: Session, abonnement_id: int) -> AbonnementVersion:
    """What the subscription says now, its household and itself locked. Raises Introuvable.

    Whoever waited for another change reads the version that came of it.
    """
    verrouiller_foyer(session, foyer_de(session, abonnement_id))
    session.get_one(Abonnement, abonnement_id, with_for_update=VERROU)
    return session.scalars(
        select(AbonnementVersion)
        .where(AbonnementVersion.abonnement_id == abonnement_id, AbonnementVersion.jusqu_a.is_(None))
        .execution_options(populate_existing=True)
    ).one()


def visites_de(session: Session, version: AbonnementVersion, jour: date) -> list[Visite]:
    """Where and when it is a visitor in the open weeks from `jour` on."""
    rows = session.execute(
        select(Abonnement.foyer_id, Choix.maison_id, Semaine.retrait_le)
        .select_from(Choix)
        .join(Abonnement, Abonnement.id == Choix.abonnement_id)
        .join(Semaine, Semaine.id == Choix.semaine_id)
        .where(Choix.abonnement_id == version.abonnement_id, Choix.maison_id.is_not(None))
        .where(Choix.maison_id != version.maison_id, Semaine.etat == EtatSemaine.OUVERTE, Semaine.retrait_le >= jour)
        .where(Semaine.retrait_le >= version.debut, Semaine.retrait_le <= version.fin)
        .order_by(Semaine.retrait_le)
    )
    return [Visite(foyer_id, maison_id or 0, day) for foyer_id, maison_id, day in rows]


def exiger_les_visites(
    session: Session, visits: Iterable[Visite], maisons: Mapping[int, Maison], nombre: int, instant: datetime
) -> None:
    """Raises Refus unless `nombre` baskets fit wherever the household visits; all these maisons are locked."""
    for visit in visits:
        exiger_une_place_le(session, maisons[visit.maison_id], nombre, visit.retrait_le, instant, sauf=visit.foyer_id)


def ouvrir(
    session: Session,
    *,
    foyer_id: int,
    maison_id: int,
    nombre: int,
    debut: date,
    fin: date,
    instant: datetime,
    par: int | None,
    attente_id: int | None = None,
) -> Abonnement:
    """Write a new subscription and its first version."""
    abonnement = Abonnement(foyer_id=foyer_id, souscrit_le=instant)
    session.add(abonnement)
    session.flush()  # its id goes into the version and the fact
    session.add(
        AbonnementVersion(
            abonnement_id=abonnement.id,
            depuis=instant,
            maison_id=maison_id,
            nombre=nombre,
            debut=debut,
            fin=fin,
            par=par,
            attente_id=attente_id,
        )
    )
    return abonnement


def remplacer(
    session: Session,
    version: AbonnementVersion,
    instant: datetime,
    *,
    par: int | None,
    maison_id: int | None = None,
    nombre: int | None = None,
    fin: date | None = None,
    quitte: bool | None = None,
    attente_id: int | None = None,
) -> None:
    """Close the locked `version` at `instant` and open the one that follows it; what is not given stays."""
    # Who waited for the lock said so a moment before what is there by now: versions follow one another all the same.
    instant = max(instant, version.depuis)
    version.jusqu_a = instant
    session.flush()  # at most one version in force: the old one is closed before the new one is there
    session.add(
        AbonnementVersion(
            abonnement_id=version.abonnement_id,
            depuis=instant,
            maison_id=maison_id or version.maison_id,
            nombre=nombre or version.nombre,
            debut=version.debut,
            fin=fin or version.fin,
            quitte=version.quitte if quitte is None else quitte,
            par=par,
            attente_id=attente_id,
        )
    )

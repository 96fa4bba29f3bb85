"""What the coordination reads of one outing: who is on its lists."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from culture.models.inscriptions import Groupe, Inscription, PlaceSortie
from culture.regles.etats import OUVERTES
from foyers.models import Foyer, Maison


@dataclass(frozen=True, slots=True)
class Inscrit:
    """A booking or a request: whose, from which maison, for how many; nothing of a price."""

    etat: str
    foyer: str
    maison: str
    nombre: int
    invites: int
    depuis: datetime
    expire_le: datetime | None
    groupe: str | None


def inscrits(session: Session, sortie_id: int) -> list[Inscrit]:
    """Who has booked, is offered seats or waits, the first first. One query."""
    seats = (
        select(
            PlaceSortie.inscription_id,
            func.count().label("nombre"),
            func.count().filter(PlaceSortie.invite).label("invites"),
        )
        .where(PlaceSortie.sortie_id == sortie_id, PlaceSortie.annulee_le.is_(None))
        .group_by(PlaceSortie.inscription_id)
        .subquery()
    )
    rows = session.execute(
        select(
            Inscription.etat,
            func.coalesce(Foyer.nom, Groupe.nom),
            Maison.nom,
            seats.c.nombre,
            seats.c.invites,
            Inscription.depuis,
            Inscription.expire_le,
            Groupe.nom,
        )
        .join(seats, seats.c.inscription_id == Inscription.id)
        .join(Maison, Maison.id == Inscription.maison_id)
        .outerjoin(Foyer, Foyer.id == Inscription.foyer_id)
        .outerjoin(Groupe, Groupe.id == Inscription.groupe_id)
        .where(Inscription.sortie_id == sortie_id, Inscription.etat.in_(OUVERTES))
        .order_by(Inscription.depuis, Inscription.id)
    )
    return [Inscrit(*row) for row in rows]


def semaine_passee(instant: datetime) -> datetime:
    """From when on the list begins: what has just taken place is still at hand."""
    return instant - timedelta(days=7)

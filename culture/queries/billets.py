"""What the maison référente reads of an outing's tickets: how many came, how many are out, whose. Four queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from culture.billets import Stock, stock
from culture.models.inscriptions import Groupe, Inscription, PlaceSortie
from culture.models.soiree import BilletsRecus
from culture.regles.etats import EtatInscription
from foyers.models import Compte, Foyer, Maison, Membre


@dataclass(frozen=True, slots=True)
class Comptage:
    """Tickets counted in, or (a negative number) out again."""

    nombre: int
    le: datetime
    par: str


@dataclass(frozen=True, slots=True)
class BilletsDe:
    """The tickets of one booking: its seats, how many are out, and how many of those are of seats given back."""

    inscription_id: int
    qui: str
    maison: str
    places: int
    remis: int
    a_reprendre: int
    le: datetime | None
    par: str


@dataclass(frozen=True, slots=True)
class BilletsVus:
    stock: Stock
    places: int
    comptages: Sequence[Comptage]
    lignes: Sequence[BilletsDe]

    @property
    def manquants(self) -> int:
        """How many fewer tickets came than seats are booked; negative: too many came."""
        return self.places - self.stock.recus


def billets(session: Session, sortie_id: int) -> BilletsVus:
    counted = session.execute(
        select(BilletsRecus.nombre, BilletsRecus.le, Compte.nom)
        .outerjoin(Compte, Compte.id == BilletsRecus.par)
        .where(BilletsRecus.sortie_id == sortie_id)
        .order_by(BilletsRecus.id)
    )
    lines = _lignes(session, sortie_id)
    return BilletsVus(
        stock=stock(session, sortie_id),
        places=sum(line.places for line in lines),
        comptages=[Comptage(nombre, le, who or "") for nombre, le, who in counted],
        lignes=lines,
    )


def _lignes(session: Session, sortie_id: int) -> list[BilletsDe]:
    live = and_(PlaceSortie.annulee_le.is_(None), Inscription.etat == EtatInscription.CONFIRMEE)
    out = PlaceSortie.billet_le.is_not(None)
    who = func.coalesce(Membre.prenom + " " + Membre.nom, Groupe.nom)
    rows = session.execute(
        select(
            Inscription.id,
            who,
            Maison.nom,
            func.count().filter(live),
            func.count().filter(out),
            func.count().filter(and_(out, ~live)),
            func.max(PlaceSortie.billet_le),
            func.max(Compte.nom),
        )
        .join(PlaceSortie, PlaceSortie.inscription_id == Inscription.id)
        .join(Maison, Maison.id == Inscription.maison_id)
        .outerjoin(Foyer, Foyer.id == Inscription.foyer_id)
        .outerjoin(Membre, and_(Membre.foyer_id == Foyer.id, Membre.referent))
        .outerjoin(Groupe, Groupe.id == Inscription.groupe_id)
        .outerjoin(Compte, Compte.id == PlaceSortie.billet_par)
        .where(Inscription.sortie_id == sortie_id, PlaceSortie.remplace_id.is_(None), or_(live, out))
        .group_by(Inscription.id, who, Maison.nom)
        .order_by(who, Inscription.id)
    )
    return [BilletsDe(*row[:7], par=row[7] or "") for row in rows]

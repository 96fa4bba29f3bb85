"""What an agent reads of the groups of its maisons: the list, one group with its people, what it has booked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from culture.models.inscriptions import Groupe, GroupePersonne, Inscription, PlaceSortie
from culture.models.pass_culture import PassCulture
from culture.models.sorties import Sortie
from culture.regles.etats import OUVERTES
from foyers.models import Foyer, Maison, Membre
from foyers.recherche import chercher_foyers
from kernel.clock import PARIS
from kernel.errors import Introuvable

TROUVES = 8


@dataclass(frozen=True, slots=True)
class GroupeVu:
    id: int
    nom: str
    maison_id: int
    maison: str
    referent: str
    telephone: str | None
    nombre: int


@dataclass(frozen=True, slots=True)
class PersonneDuGroupe:
    """Somebody on the list; without household (`membre_id` None) a guest of the group. `carte`: a pass holds today."""

    id: int
    membre_id: int | None
    prenom: str
    nom: str
    carte: bool


@dataclass(frozen=True, slots=True)
class SortieDuGroupe:
    sortie_id: int
    titre: str
    debut_le: datetime
    places: int


@dataclass(frozen=True, slots=True)
class MembreTrouve:
    """A member of a household that the agent looks after, who may join the group."""

    id: int
    prenom: str
    nom: str
    foyer: str
    deja: bool


def groupes(session: Session, maison_ids: Collection[int] | None) -> list[GroupeVu]:
    """The open groups of these maisons (None: all), by maison and name. One query."""
    people = select(func.count()).where(GroupePersonne.groupe_id == Groupe.id).scalar_subquery()
    query = (
        select(Groupe.id, Groupe.nom, Maison.id, Maison.nom, Groupe.referent, Groupe.telephone, people)
        .join(Maison, Maison.id == Groupe.maison_id)
        .where(Groupe.clos_le.is_(None))
        .order_by(Maison.nom, Groupe.nom)
    )
    if maison_ids is not None:
        query = query.where(Groupe.maison_id.in_(maison_ids))
    return [GroupeVu(*row) for row in session.execute(query)]


def groupe(session: Session, groupe_id: int) -> GroupeVu:
    """Raises Introuvable, for a closed group too."""
    maison_id = maison_du_groupe(session, groupe_id)
    found = groupes(session, [maison_id]) if maison_id is not None else []
    for one in found:
        if one.id == groupe_id:
            return one
    raise Introuvable


def maison_du_groupe(session: Session, groupe_id: int) -> int | None:
    return session.scalar(select(Groupe.maison_id).where(Groupe.id == groupe_id))


def personnes(session: Session, groupe_id: int, instant: datetime) -> list[PersonneDuGroupe]:
    """Who is on the list, by name. One query."""
    first, last = func.coalesce(Membre.prenom, GroupePersonne.prenom), func.coalesce(Membre.nom, GroupePersonne.nom)
    rows = session.execute(
        select(GroupePersonne.id, GroupePersonne.membre_id, first, last, _a_une_carte(instant.astimezone(PARIS).date()))
        .outerjoin(Membre, Membre.id == GroupePersonne.membre_id)
        .where(GroupePersonne.groupe_id == groupe_id)
        .order_by(last, first, GroupePersonne.id)
    )
    return [PersonneDuGroupe(*row) for row in rows]


def sorties_du_groupe(session: Session, groupe_id: int, depuis: datetime) -> list[SortieDuGroupe]:
    """What the group has booked, the next first. One query."""
    rows = session.execute(
        select(Sortie.id, Sortie.titre, Sortie.debut_le, func.count())
        .join(Inscription, Inscription.sortie_id == Sortie.id)
        .join(PlaceSortie, and_(PlaceSortie.inscription_id == Inscription.id, PlaceSortie.annulee_le.is_(None)))
        .where(Inscription.groupe_id == groupe_id, Inscription.etat.in_(OUVERTES), Sortie.debut_le >= depuis)
        .group_by(Sortie.id)
        .order_by(Sortie.debut_le, Sortie.id)
    )
    return [SortieDuGroupe(*row) for row in rows]


def chercher_membres(
    session: Session, texte: str, maison_ids: Collection[int] | None, listed: Sequence[PersonneDuGroupe]
) -> list[MembreTrouve]:
    """Members of the households that `texte` may mean. At most four queries."""
    found = chercher_foyers(session, texte.replace("\0", ""), maison_ids, limite=TROUVES)
    here = {one.membre_id for one in listed}
    rank = {one.id: number for number, one in enumerate(found)}
    rows = session.execute(
        select(Membre.id, Membre.prenom, Membre.nom, Foyer.nom, Foyer.id)
        .join(Foyer, Foyer.id == Membre.foyer_id)
        .where(Foyer.id.in_(rank))
    ).all()
    ordered = sorted(rows, key=lambda row: (rank[row[4]], row[0]))
    return [MembreTrouve(key, first, last, home, key in here) for key, first, last, home, _foyer in ordered]


def deja_inscrites(session: Session, groupe_id: int, sortie_id: int) -> frozenset[tuple[int | None, str, str]]:
    """Who of the group has a seat there already: by member, or by name. One query."""
    rows = session.execute(
        select(PlaceSortie.membre_id, PlaceSortie.prenom, PlaceSortie.nom)
        .join(Inscription, Inscription.id == PlaceSortie.inscription_id)
        .where(PlaceSortie.sortie_id == sortie_id, PlaceSortie.annulee_le.is_(None), Inscription.etat.in_(OUVERTES))
    )
    return frozenset((key, "" if key else first, "" if key else last) for key, first, last in rows)


def _a_une_carte(jour: date) -> ColumnElement[bool]:
    return exists().where(
        PassCulture.membre_id == GroupePersonne.membre_id,
        PassCulture.annule_le.is_(None),
        PassCulture.du <= jour,
        PassCulture.au >= jour,
    )

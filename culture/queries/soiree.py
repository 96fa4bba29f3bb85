"""What who accompanies a group reads: their evenings, the list of one, one person. Telephone numbers only that evening.

A number that may not be shown is not read either. Each page reads a fixed number of queries.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, String, and_, cast, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from culture.models.inscriptions import Groupe, Inscription, PlaceSortie, remplacee
from culture.models.soiree import Pointage
from culture.models.sorties import Lieu, Sortie, SortieAccompagnateur
from culture.regles.etats import (
    ARRIVEES,
    LIBELLES_BESOIN,
    LIBELLES_MOTIF,
    LIBELLES_PRESENCE,
    MANQUANTES,
    Besoin,
    EtatInscription,
    EtatSortie,
    Motif,
    Presence,
)
from culture.regles.soiree import pointage_ouvert, telephones_lisibles
from culture.regles.tarifs import saison_de
from foyers.models import Compte, Foyer, Maison, Membre
from kernel.clock import PARIS
from kernel.errors import Introuvable
from kernel.formats import insecables

AVANT = timedelta(days=60)
APRES = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class SoireeVue:
    """An outing as who accompanies it needs it."""

    id: int
    titre: str
    etat: str
    maison_id: int
    maison: str
    lieu: str
    adresse: str
    debut_le: datetime
    fin_le: datetime
    rendez_vous_le: datetime
    rendez_vous_lieu: str
    acces: str
    privilege: str
    autorisation_parentale: bool
    attendues: int
    arrivees: int
    manquantes: int

    @property
    def annulee(self) -> bool:
        return self.etat == EtatSortie.ANNULEE

    @property
    def a_venir(self) -> int:
        return self.attendues - self.arrivees - self.manquantes

    def ouverte(self, instant: datetime) -> bool:
        """Whether who is there can be noted now."""
        return not self.annulee and pointage_ouvert(self.rendez_vous_le, self.fin_le, instant)

    def joignable(self, instant: datetime) -> bool:
        """Whether it is that evening: numbers are lent."""
        return telephones_lisibles(self.rendez_vous_le, self.fin_le, instant)


@dataclass(frozen=True, slots=True)
class Attendue:
    """Somebody on the list; `autorisation` None: none is needed. `vues` counts who noted the same arrival."""

    place_id: int
    sortie_id: int
    foyer_id: int | None
    membre_id: int | None
    prenom: str
    nom: str
    invite: bool
    adulte: bool
    age: int | None
    besoins: tuple[str, ...]
    avec: str
    telephone: str | None
    presence: str | None
    presence_le: datetime | None
    presence_par: str | None
    motif: str | None
    autorisation: bool | None
    remplacee_par: str | None
    remplace: str | None
    vues: int
    billet_le: datetime | None

    @property
    def arrivee(self) -> bool:
        return self.presence in ARRIVEES

    @property
    def manque(self) -> bool:
        return self.presence in MANQUANTES

    @property
    def en_mots(self) -> str:
        return LIBELLES_PRESENCE[Presence(self.presence)] if self.presence else ""

    @property
    def motif_en_mots(self) -> str:
        return LIBELLES_MOTIF[Motif(self.motif)] if self.motif else ""


@dataclass(frozen=True, slots=True)
class PointageVu:
    """A note of the evening, in words; none: it was taken back."""

    presence: str
    le: datetime
    par: str | None


def mes_soirees(
    session: Session, compte_id: int, maison_ids: Collection[int] | None, instant: datetime
) -> list[SoireeVue]:
    """The outings that this person accompanies, or of their maisons (None: all), of the weeks around. One query."""
    mine = select(SortieAccompagnateur.sortie_id).where(SortieAccompagnateur.compte_id == compte_id)
    query = _soirees().where(
        Sortie.etat != EtatSortie.BROUILLON, Sortie.debut_le.between(instant - APRES, instant + AVANT)
    )
    if maison_ids is not None:
        query = query.where(or_(Sortie.id.in_(mine), Sortie.maison_id.in_(maison_ids)))
    return [_soiree(row) for row in session.execute(query.order_by(Sortie.debut_le, Sortie.id))]


def soiree(session: Session, sortie_id: int) -> SoireeVue:
    """Raises Introuvable, for a draft too."""
    row = session.execute(_soirees().where(Sortie.id == sortie_id, Sortie.etat != EtatSortie.BROUILLON)).first()
    if row is None:
        raise Introuvable
    return _soiree(row)


def accompagnateurs(session: Session, sortie_id: int) -> list[str]:
    """The names of who goes with the group."""
    return list(
        session.scalars(
            select(Compte.nom)
            .join(SortieAccompagnateur, SortieAccompagnateur.compte_id == Compte.id)
            .where(SortieAccompagnateur.sortie_id == sortie_id)
            .order_by(Compte.nom)
        )
    )


def attendues(session: Session, seen: SoireeVue, instant: datetime) -> list[Attendue]:
    """Everybody who holds a seat, by name, with who came instead. One query."""
    query = _places(seen.joignable(instant)).where(PlaceSortie.sortie_id == seen.id)
    rows = session.execute(query.order_by(PlaceSortie.nom, PlaceSortie.prenom, PlaceSortie.id))
    return [_attendue(row) for row in rows]


def attendue(session: Session, place_id: int, instant: datetime) -> tuple[SoireeVue, Attendue]:
    """One person of a list. Raises Introuvable."""
    sortie_id = session.scalar(select(PlaceSortie.sortie_id).where(PlaceSortie.id == place_id))
    if sortie_id is None:
        raise Introuvable
    seen = soiree(session, sortie_id)
    row = session.execute(_places(seen.joignable(instant)).where(PlaceSortie.id == place_id)).first()
    if row is None:
        raise Introuvable
    return seen, _attendue(row)


def absences(session: Session, membre_id: int, instant: datetime) -> tuple[int, int]:
    """How often this person did not come without a word this season, of how many outings noted."""
    season = saison_de(instant.astimezone(PARIS).date())
    row = session.execute(
        select(func.count().filter(PlaceSortie.presence == Presence.ABSENTE), func.count())
        .join(Sortie, Sortie.id == PlaceSortie.sortie_id)
        .where(PlaceSortie.membre_id == membre_id, PlaceSortie.annulee_le.is_(None), PlaceSortie.presence.is_not(None))
        .where(func.date(func.timezone("Europe/Paris", Sortie.debut_le)).between(season.du, season.au))
    ).one()
    return int(row[0]), int(row[1])


def pointages(session: Session, place_id: int) -> list[PointageVu]:
    """What has been noted of this person, the first note first."""
    rows = session.execute(
        select(Pointage.presence, Pointage.le, Compte.nom)
        .outerjoin(Compte, Compte.id == Pointage.par)
        .where(Pointage.place_id == place_id)
        .order_by(Pointage.id)
    )
    return [PointageVu(LIBELLES_PRESENCE[Presence(p)] if p else "", le, par) for p, le, par in rows]


def sortie_de_la_place(session: Session, place_id: int) -> int | None:
    return session.scalar(select(PlaceSortie.sortie_id).where(PlaceSortie.id == place_id))


def est_a_la_portee(
    session: Session, sortie_id: int | None, compte_id: int, maison_ids: Collection[int] | None
) -> bool:
    """Whether this person accompanies that outing, or works at its maison (None: everywhere)."""
    if sortie_id is None:
        return False
    sortie = session.get(Sortie, sortie_id)
    if sortie is None:
        return False
    if maison_ids is None or sortie.maison_id in maison_ids:
        return True
    return session.get(SortieAccompagnateur, (sortie_id, compte_id)) is not None


def _soirees() -> Select[Any]:
    held = (
        select(
            PlaceSortie.sortie_id,
            func.count().label("attendues"),
            func.count().filter(PlaceSortie.presence.in_(ARRIVEES)).label("arrivees"),
            func.count().filter(PlaceSortie.presence.in_(MANQUANTES)).label("manquantes"),
        )
        .join(Inscription, Inscription.id == PlaceSortie.inscription_id)
        .where(PlaceSortie.annulee_le.is_(None), Inscription.etat == EtatInscription.CONFIRMEE, ~remplacee())
        .group_by(PlaceSortie.sortie_id)
        .subquery()
    )
    counted = [func.coalesce(held.c[name], 0) for name in ("attendues", "arrivees", "manquantes")]
    read: list[Any] = [Sortie, Maison.nom, Lieu, *counted]
    return (
        select(*read)
        .join(Maison, Maison.id == Sortie.maison_id)
        .join(Lieu, Lieu.id == Sortie.lieu_id)
        .outerjoin(held, held.c.sortie_id == Sortie.id)
    )


def _soiree(row: Any) -> SoireeVue:
    sortie, maison, lieu, attendues, arrivees, manquantes = row
    return SoireeVue(
        id=sortie.id,
        titre=insecables(sortie.titre),
        etat=sortie.etat,
        maison_id=sortie.maison_id,
        maison=maison,
        lieu=lieu.nom,
        adresse=f"{lieu.adresse}, {lieu.code_postal} {lieu.ville}",
        debut_le=sortie.debut_le,
        fin_le=sortie.debut_le + timedelta(minutes=sortie.duree_minutes),
        rendez_vous_le=sortie.rendez_vous_le,
        rendez_vous_lieu=sortie.rendez_vous_lieu,
        acces=sortie.acces or lieu.acces,
        privilege=sortie.privilege,
        autorisation_parentale=sortie.autorisation_parentale,
        attendues=attendues,
        arrivees=arrivees,
        manquantes=manquantes,
    )


def _places(numeros: bool) -> Select[Any]:
    instead, instead_of = aliased(PlaceSortie), aliased(PlaceSortie)
    who = aliased(Membre)
    marked = (
        select(func.count(func.distinct(Pointage.par)))
        .where(Pointage.place_id == PlaceSortie.id, Pointage.presence.in_(ARRIVEES))
        .correlate(PlaceSortie)
        .scalar_subquery()
    )
    numero = func.coalesce(Foyer.telephone, Groupe.telephone) if numeros else cast(literal(None), String)
    return (
        select(
            PlaceSortie,
            Inscription.foyer_id,
            func.coalesce(who.prenom + " " + who.nom, Groupe.nom).label("avec"),
            numero.label("telephone"),
            Compte.nom.label("presence_par"),
            Sortie.autorisation_parentale,
            (instead.prenom + " " + instead.nom).label("remplacee_par"),
            (instead_of.prenom + " " + instead_of.nom).label("remplace"),
            marked.label("vues"),
        )
        .join(Inscription, Inscription.id == PlaceSortie.inscription_id)
        .join(Sortie, Sortie.id == PlaceSortie.sortie_id)
        .outerjoin(Foyer, Foyer.id == Inscription.foyer_id)
        .outerjoin(who, and_(who.foyer_id == Foyer.id, who.referent))
        .outerjoin(Groupe, Groupe.id == Inscription.groupe_id)
        .outerjoin(Compte, Compte.id == PlaceSortie.presence_par)
        .outerjoin(instead, and_(instead.remplace_id == PlaceSortie.id, instead.annulee_le.is_(None)))
        .outerjoin(instead_of, instead_of.id == PlaceSortie.remplace_id)
        .where(PlaceSortie.annulee_le.is_(None), Inscription.etat == EtatInscription.CONFIRMEE)
    )


def _attendue(row: Any) -> Attendue:
    place = row[0]
    needs_paper = row.autorisation_parentale and not place.adulte
    return Attendue(
        place_id=place.id,
        sortie_id=place.sortie_id,
        foyer_id=row.foyer_id,
        membre_id=place.membre_id,
        prenom=place.prenom,
        nom=place.nom,
        invite=place.invite,
        adulte=place.adulte,
        age=place.age,
        besoins=accueils(place.besoins),
        avec=row.avec or "",
        telephone=row.telephone,
        presence=place.presence,
        presence_le=place.presence_le,
        presence_par=row.presence_par,
        motif=place.presence_motif,
        autorisation=place.autorisation_le is not None if needs_paper else None,
        remplacee_par=row.remplacee_par,
        remplace=row.remplace,
        vues=row.vues,
        billet_le=place.billet_le,
    )


def accueils(needs: Sequence[str]) -> tuple[str, ...]:
    """Access needs, in words."""
    return tuple(LIBELLES_BESOIN[Besoin(need)] for need in needs)

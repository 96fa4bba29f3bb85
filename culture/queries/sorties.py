"""What the pages of outings show; each page reads a fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Select, all_, any_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from culture.grilles import en_vigueur
from culture.models.inscriptions import Inscription, PlaceSortie, remplacee
from culture.models.sorties import GrilleSortie, GrilleSortiePrix, Lieu, Sortie, SortieImage
from culture.regles.etats import LIBELLES_BESOIN, LIBELLES_GENRE, TENANTES, VIVANTES, Besoin, EtatSortie, Genre
from foyers.models import Maison
from kernel.clock import PARIS, today
from kernel.errors import Introuvable
from kernel.formats import insecables


class Ouverture(StrEnum):
    """What one can do with an outing now."""

    BIENTOT = "bientot"
    OUVERTE = "ouverte"
    COMPLETE = "complete"
    CLOSE = "close"
    PASSEE = "passee"
    ANNULEE = "annulee"


@dataclass(frozen=True, slots=True)
class Filtre:
    """What somebody looks for; None: whatever it is. `mois` is its first day."""

    maison_id: int | None = None
    genre: str | None = None
    mois: date | None = None
    besoin: str | None = None
    gratuit: bool = False


@dataclass(frozen=True, slots=True)
class SortieVue:
    """An outing as everybody may read it; prices are centimes, `libres` the seats that nobody holds."""

    id: int
    titre: str
    genre: str
    etat: str
    lieu: str
    adresse: str
    maison_id: int
    maison: str
    maison_telephone: str
    grille_id: int
    debut_le: datetime
    duree_minutes: int
    places: int
    libres: int
    places_par_foyer: int
    invites_par_foyer: int
    prix: tuple[int, ...]
    privilege: str
    texte: str
    rendez_vous_le: datetime
    rendez_vous_lieu: str
    acces: str
    age_minimum: int | None
    autorisation_parentale: bool
    besoins: tuple[str, ...]
    ouverture_le: datetime
    cloture_le: datetime
    annulable_jusqu_a: datetime
    quotas_jusqu_a: datetime | None
    motif: str | None
    image: str | None
    version: int

    @property
    def fin_le(self) -> datetime:
        return self.debut_le + timedelta(minutes=self.duree_minutes)

    @property
    def jour(self) -> date:
        return self.debut_le.astimezone(PARIS).date()

    @property
    def genre_en_mots(self) -> str:
        return LIBELLES_GENRE[Genre(self.genre)]

    @property
    def accueils(self) -> list[str]:
        return [LIBELLES_BESOIN[Besoin(need)] for need in self.besoins]

    @property
    def gratuite(self) -> bool:
        return max(self.prix) == 0

    def ouverture(self, instant: datetime) -> Ouverture:
        """What one can do with it at that instant."""
        if self.etat == EtatSortie.ANNULEE:
            return Ouverture.ANNULEE
        if self.etat == EtatSortie.TENUE or instant >= self.debut_le:
            return Ouverture.PASSEE
        if instant < self.ouverture_le:
            return Ouverture.BIENTOT
        if self.etat != EtatSortie.PUBLIEE or instant >= self.cloture_le:
            return Ouverture.CLOSE
        return Ouverture.OUVERTE if self.libres else Ouverture.COMPLETE


def sorties_a_venir(session: Session, instant: datetime, filtre: Filtre = Filtre()) -> list[SortieVue]:
    """What has been published and is still to come, cancelled ones included, the next first. Two queries."""
    query = _choisies(filtre).where(Sortie.etat != EtatSortie.BROUILLON, Sortie.debut_le > instant)
    return _vues(session, query.order_by(Sortie.debut_le, Sortie.id))


def sortie_vue(session: Session, sortie_id: int, *, brouillon: bool = False) -> SortieVue:
    """One outing; a draft only with `brouillon`. Raises Introuvable."""
    found = _vues(session, _toutes().where(Sortie.id == sortie_id))
    if not found or (found[0].etat == EtatSortie.BROUILLON and not brouillon):
        raise Introuvable
    return found[0]


def sortie_annoncee(session: Session, sortie_id: int) -> Sortie:
    """The outing itself, no draft, for whoever needs neither its venue nor its count. Raises Introuvable. One query."""
    found = session.get(Sortie, sortie_id)
    if found is None or found.etat == EtatSortie.BROUILLON:
        raise Introuvable
    return found


def sorties_par_cle(session: Session, keys: Sequence[int]) -> dict[int, SortieVue]:
    """These outings, by key. Two queries."""
    return {one.id: one for one in _vues(session, _toutes().where(Sortie.id.in_(keys)))} if keys else {}


def toutes_les_sorties(session: Session, depuis: datetime) -> list[SortieVue]:
    """For the coordination: drafts and all, those since `depuis`. Two queries."""
    return _vues(session, _toutes().where(Sortie.debut_le >= depuis).order_by(Sortie.debut_le, Sortie.id))


def prix_a_venir(session: Session, sortie: SortieVue) -> tuple[date, tuple[int, ...]] | None:
    """The next day on which its seats change price while one can book, and to what. One query."""
    last = sortie.cloture_le.astimezone(PARIS).date()
    row = session.execute(
        select(GrilleSortiePrix.effet_le, GrilleSortiePrix.prix)
        .where(GrilleSortiePrix.grille_id == sortie.grille_id, GrilleSortiePrix.retire_le.is_(None))
        .where(GrilleSortiePrix.effet_le > today(), GrilleSortiePrix.effet_le <= last)
        .order_by(GrilleSortiePrix.effet_le)
        .limit(1)
    ).first()
    return (row.effet_le, tuple(row.prix)) if row is not None else None


def image_de(session: Session, sortie_id: int) -> bytes:
    """The picture of an outing that is no draft. Raises Introuvable."""
    found = session.scalar(
        select(SortieImage.image)
        .join(Sortie, Sortie.id == SortieImage.sortie_id)
        .where(Sortie.id == sortie_id, Sortie.etat != EtatSortie.BROUILLON)
    )
    if found is None:
        raise Introuvable
    return found


def mois_proposes(session: Session, instant: datetime) -> list[date]:
    """The months in which something is to come, each by its first day."""
    month = func.date_trunc("month", func.timezone("Europe/Paris", Sortie.debut_le)).label("mois")
    months = select(month).where(Sortie.etat.in_(VIVANTES), Sortie.debut_le > instant).distinct().order_by(month)
    return [found.date() for found in session.scalars(months)]


@lru_cache(maxsize=1)
def _toutes() -> Select[*tuple[Any, ...]]:
    """Built once; `_vues` says which day it is."""
    query: Select[*tuple[Any, ...]] = (
        select(
            Sortie,
            Lieu.nom,
            Lieu.adresse,
            Lieu.code_postal,
            Lieu.ville,
            Lieu.acces,
            Maison.nom,
            Maison.telephone,
            _prix(),
            SortieImage.description,
        )
        .join(Lieu, Lieu.id == Sortie.lieu_id)
        .join(Maison, Maison.id == Sortie.maison_id)
        .join(GrilleSortie, GrilleSortie.id == Sortie.grille_id)
        .outerjoin(SortieImage, SortieImage.sortie_id == Sortie.id)
    )
    return query


def _prix() -> ColumnElement[list[int]]:
    """What seats cost who books today, or has booked on the last day on which one could."""
    last = func.date(func.timezone("Europe/Paris", Sortie.cloture_le))
    return en_vigueur(GrilleSortiePrix.prix, GrilleSortie.prix, func.least(bindparam("aujourd_hui", type_=Date), last))


def _choisies(filtre: Filtre) -> Select[*tuple[Any, ...]]:
    query = _toutes()
    if filtre.maison_id is not None:
        query = query.where(Sortie.maison_id == filtre.maison_id)
    if filtre.genre is not None:
        query = query.where(Sortie.genre == filtre.genre)
    if filtre.besoin is not None:
        query = query.where(Sortie.besoins.contains([filtre.besoin]))
    if filtre.gratuit:
        query = query.where(literal(0) == all_(_prix()))
    if filtre.mois is not None:
        local = func.timezone("Europe/Paris", Sortie.debut_le)
        query = query.where(func.date_trunc("month", local) == filtre.mois)
    return query


def _vues(session: Session, query: Select[*tuple[Any, ...]]) -> list[SortieVue]:
    rows = session.execute(query, {"aujourd_hui": today()}).all()
    held = _tenues(session, [row[0].id for row in rows])
    return [_vue(row, held.get(row[0].id, 0)) for row in rows]


def _tenues(session: Session, keys: Sequence[int]) -> Mapping[int, int]:
    return {key: int(count) for key, count in session.execute(_TENUES, {"sorties": list(keys)})}


_TENUES = (
    select(PlaceSortie.sortie_id, func.count())
    .join(Inscription, Inscription.id == PlaceSortie.inscription_id)
    .where(PlaceSortie.sortie_id == any_(bindparam("sorties", type_=ARRAY(BigInteger))))
    .where(PlaceSortie.annulee_le.is_(None), Inscription.etat.in_(TENANTES), ~remplacee())
    .group_by(PlaceSortie.sortie_id)
)


def _vue(row: Any, held: int) -> SortieVue:
    sortie, lieu, adresse, code_postal, ville, acces, maison, telephone, prix, image = row
    return SortieVue(
        id=sortie.id,
        titre=insecables(sortie.titre),
        genre=sortie.genre,
        etat=sortie.etat,
        lieu=lieu,
        adresse=f"{adresse}, {code_postal} {ville}",
        maison_id=sortie.maison_id,
        maison=maison,
        maison_telephone=telephone,
        grille_id=sortie.grille_id,
        debut_le=sortie.debut_le,
        duree_minutes=sortie.duree_minutes,
        places=sortie.places,
        libres=max(sortie.places - held, 0),
        places_par_foyer=sortie.places_par_foyer,
        invites_par_foyer=sortie.invites_par_foyer,
        prix=tuple(prix),
        privilege=sortie.privilege,
        texte=sortie.texte,
        rendez_vous_le=sortie.rendez_vous_le,
        rendez_vous_lieu=sortie.rendez_vous_lieu,
        acces=sortie.acces or acces,
        age_minimum=sortie.age_minimum,
        autorisation_parentale=sortie.autorisation_parentale,
        besoins=tuple(sortie.besoins),
        ouverture_le=sortie.ouverture_le,
        cloture_le=sortie.cloture_le,
        annulable_jusqu_a=sortie.annulable_jusqu_a,
        quotas_jusqu_a=sortie.quotas_jusqu_a,
        motif=sortie.annulation_motif,
        image=image,
        version=sortie.version,
    )

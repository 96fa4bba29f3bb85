"""The rules in force, read for display: the rhythm of weeks, the grid of prices, the weeks to come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Maison
from paniers.agenda import agenda, dernier_jour
from paniers.models.producteurs import Producteur, Produit
from paniers.models.semaines import Calendrier, Grille, Semaine
from paniers.reglages import GrilleSaisie, grille_retirable
from paniers.regles.tarifs import BaremeTranches, GrilleIncoherente, bareme


@dataclass(frozen=True, slots=True)
class RythmeVu:
    """Weekdays are ISO, Monday 1. `id` is for withdrawing it."""

    id: int
    effet_le: date
    retrait_jour: int
    offres_jour: int
    offres_heure: time
    publication_jour: int
    publication_heure: time
    cloture_jour: int
    cloture_heure: time
    commande_jour: int
    commande_heure: time


@dataclass(frozen=True, slots=True)
class SemaineDate:
    """A week of the calendar with the instants at which its steps are due.

    `retrait_le` names the week. `jours` are those on which some maison hands out, when they are not just that one;
    none when all of it is cancelled.
    """

    code: str
    retrait_le: date
    offres_jusqu_a: datetime
    publication_le: datetime
    cloture_le: datetime
    commande_le: datetime
    etat: str
    jours: tuple[date, ...]

    @property
    def change(self) -> bool:
        return self.jours != (self.retrait_le,)


@dataclass(frozen=True, slots=True)
class TrancheVue:
    """A band; `de` and `jusqu_a` are quotients in whole euros, None for no limit; the price in centimes."""

    nom: str
    de: int
    jusqu_a: int | None
    prix: int


@dataclass(frozen=True, slots=True)
class GrilleVue:
    """A grid in words' reach. Bands, or a rate with floor and ceiling (centimes); neither when it cannot be read.

    `id` is None for one that is not written yet.
    """

    nom: str
    effet_le: date
    cout_reference: int
    tranches: tuple[TrancheVue, ...] = ()
    taux: str | None = None
    plancher: int = 0
    plafond: int = 0
    id: int | None = None


def rythmes(session: Session, today: date) -> tuple[RythmeVu | None, list[RythmeVu]]:
    """The rhythm in force, and those that come after it."""
    names = RythmeVu.__dataclass_fields__
    rows = session.scalars(select(Calendrier).order_by(Calendrier.effet_le)).all()
    seen = [RythmeVu(**{name: getattr(row, name) for name in names}) for row in rows]
    now = [rhythm for rhythm in seen if rhythm.effet_le <= today]
    return (now[-1] if now else None), [rhythm for rhythm in seen if rhythm.effet_le > today]


def semaines_a_venir(session: Session, today: date) -> list[SemaineDate]:
    """The next weeks, the one whose hand-out was put off until today included. Three queries."""
    rows = session.scalars(select(Semaine).where(dernier_jour() >= today).order_by(Semaine.retrait_le).limit(26)).all()
    known = agenda(session, [row.id for row in rows])
    open_places = session.scalars(select(Maison.id).where(Maison.active)).all()
    return [
        SemaineDate(
            code=row.code,
            retrait_le=row.retrait_le,
            offres_jusqu_a=row.offres_jusqu_a,
            publication_le=row.publication_le,
            cloture_le=row.cloture_le,
            commande_le=row.commande_le,
            etat=row.etat,
            jours=tuple(known.jours(row, open_places)) if open_places else (row.retrait_le,),
        )
        for row in rows
    ]


def grilles(session: Session, today: date) -> tuple[GrilleVue | None, list[GrilleVue], list[GrilleVue]]:
    """The grid in force, those to come, and those of the past, the latest first."""
    seen = [grille_vue(row) for row in session.scalars(select(Grille).order_by(Grille.effet_le.desc()))]
    past = [grid for grid in seen if grid.effet_le <= today]
    return (past[0] if past else None), [grid for grid in seen if grid.effet_le > today][::-1], past[1:]


def retirables(session: Session, grids: Iterable[GrilleVue], instant: datetime) -> set[int]:
    """Which of these grids can still be withdrawn; one query for each that is to come."""
    return {grid.id for grid in grids if grid.id is not None and grille_retirable(session, grid.effet_le, instant)}


def producteurs(session: Session) -> list[tuple[int, str]]:
    return list(session.execute(select(Producteur.id, Producteur.nom).order_by(Producteur.nom)).all())


def produits(session: Session) -> list[tuple[int, str, str]]:
    """(id, name, unit)."""
    return list(session.execute(select(Produit.id, Produit.nom, Produit.unite).order_by(Produit.nom)).all())


def grille_vue(row: Grille | GrilleSaisie) -> GrilleVue:
    """A grid, written or only typed, as pages show it."""
    key = row.id if isinstance(row, Grille) else None
    try:
        scale = bareme(row.regle)
    except GrilleIncoherente:
        return GrilleVue(row.nom, row.effet_le, row.cout_reference, id=key)
    if isinstance(scale, BaremeTranches):
        floors = [0, *(band.jusqu_a + 1 for band in scale.tranches if band.jusqu_a is not None)]
        bands = tuple(
            TrancheVue(band.nom, floor, band.jusqu_a, band.prix.centimes)
            for floor, band in zip(floors, scale.tranches, strict=True)
        )
        return GrilleVue(row.nom, row.effet_le, row.cout_reference, bands, id=key)
    return GrilleVue(
        row.nom,
        row.effet_le,
        row.cout_reference,
        taux=f"{(scale.taux * 100).normalize():f}".replace(".", ","),
        plancher=scale.plancher.centimes,
        plafond=scale.plafond.centimes,
        id=key,
    )

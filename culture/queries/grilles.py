"""What the coordination reads of prices: each grid now, to come and of before; and what new ones would change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from culture.grilles import PrixSaisis, bareme_au, en_vigueur
from culture.models.inscriptions import Inscription, PlaceSortie, remplacee
from culture.models.pass_culture import PassCulture
from culture.models.sorties import GrilleSortie, GrilleSortiePrix, Sortie
from culture.regles.apercu import Ligne, comparer
from culture.regles.etats import OUVERTES, EtatSortie
from culture.regles.tarifs import BaremeSortie, Forme, bareme
from foyers.models import Compte
from foyers.queries import quotients_au
from kernel.clock import PARIS
from kernel.errors import Introuvable
from kernel.formats import insecables


@dataclass(frozen=True, slots=True)
class PrixVus:
    """Prices with a day of effect, and who wrote them, or took them back."""

    id: int
    effet_le: date
    bareme: BaremeSortie
    saisi_le: datetime
    saisi_par: str | None
    retire_le: datetime | None
    retire_par: str | None


@dataclass(frozen=True, slots=True)
class GrilleVue:
    """A grid as it counts today, what comes, what was; `sorties` are those to come that chose it."""

    id: int
    nom: str
    forme: Forme
    bareme: BaremeSortie
    sorties: int
    a_venir: tuple[PrixVus, ...] = ()
    passes: tuple[PrixVus, ...] = ()
    retires: tuple[PrixVus, ...] = ()


@dataclass(frozen=True, slots=True)
class SortieTouchee:
    """An outing that can still be booked on that day; `gardees` seats keep the price that they have."""

    id: int
    titre: str
    debut_le: datetime
    gardees: int


@dataclass(frozen=True, slots=True)
class Apercu:
    """`lignes` is empty when too few people hold a card to be counted aloud."""

    avant: BaremeSortie
    apres: BaremeSortie
    personnes: int
    lignes: tuple[Ligne, ...]
    sorties: tuple[SortieTouchee, ...]


def grilles(session: Session, instant: datetime) -> list[GrilleVue]:
    """Those that outings may choose, by name. Two queries."""
    today = instant.astimezone(PARIS).date()
    coming = (
        select(Sortie.grille_id, func.count().label("n"))
        .where(Sortie.debut_le > instant, Sortie.etat != EtatSortie.ANNULEE)
        .group_by(Sortie.grille_id)
        .subquery()
    )
    rows = session.execute(
        select(
            GrilleSortie.id,
            GrilleSortie.nom,
            GrilleSortie.forme,
            en_vigueur(GrilleSortiePrix.seuils, GrilleSortie.seuils, today).label("seuils"),
            en_vigueur(GrilleSortiePrix.prix, GrilleSortie.prix, today).label("prix"),
            func.coalesce(coming.c.n, 0).label("sorties"),
        )
        .outerjoin(coming, coming.c.grille_id == GrilleSortie.id)
        .where(GrilleSortie.active)
        .order_by(GrilleSortie.nom)
    ).all()
    written = _prix_ecrits(session, {row.id: row.forme for row in rows})
    return [_vue(row, written.get(row.id, []), today) for row in rows]


def grille(session: Session, grille_id: int, instant: datetime) -> GrilleVue:
    """One of them. Raises Introuvable."""
    found = next((one for one in grilles(session, instant) if one.id == grille_id), None)
    if found is None:
        raise Introuvable
    return found


def apercu(session: Session, grille_id: int, saisis: PrixSaisis, instant: datetime) -> Apercu:
    """What these prices would change for who holds a card, at today's quotients, and at which outings. Five queries."""
    forme = session.scalar(select(GrilleSortie.forme).where(GrilleSortie.id == grille_id))
    if forme is None:
        raise Introuvable
    before = bareme_au(session, grille_id, saisis.effet_le)
    after = bareme(forme, saisis.seuils, saisis.prix)
    today = instant.astimezone(PARIS).date()
    holders = session.execute(
        select(PassCulture.foyer_id, PassCulture.prix)
        .where(PassCulture.membre_id.is_not(None), PassCulture.annule_le.is_(None))
        .where(PassCulture.du <= today, PassCulture.au >= today)
    ).all()
    quotients = quotients_au(session, sorted({row.foyer_id for row in holders}), instant, today)
    seats = [
        tuple(
            one.prix_de(pass_gratuit=row.prix == 0, quotient=quotients.get(row.foyer_id)).centimes
            for one in (before, after)
        )
        for row in holders
    ]
    lines = comparer((now, then) for now, then in seats)
    return Apercu(before, after, len(holders), lines, tuple(_touchees(session, grille_id, saisis.effet_le, instant)))


def _touchees(session: Session, grille_id: int, effet_le: date, instant: datetime) -> list[SortieTouchee]:
    kept = (
        select(func.count())
        .select_from(PlaceSortie)
        .join(Inscription, Inscription.id == PlaceSortie.inscription_id)
        .where(PlaceSortie.sortie_id == Sortie.id, PlaceSortie.annulee_le.is_(None), Inscription.etat.in_(OUVERTES))
        .where(~remplacee())
        .correlate(Sortie)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Sortie.id, Sortie.titre, Sortie.debut_le, kept)
        .where(Sortie.grille_id == grille_id, Sortie.debut_le > instant)
        .where(Sortie.etat.in_((EtatSortie.BROUILLON, EtatSortie.PUBLIEE)))
        .where(func.date(func.timezone("Europe/Paris", Sortie.cloture_le)) >= effet_le)
        .order_by(Sortie.debut_le, Sortie.id)
    )
    return [SortieTouchee(key, insecables(title), at, int(count)) for key, title, at, count in rows]


def _prix_ecrits(session: Session, formes: dict[int, str]) -> dict[int, list[PrixVus]]:
    writer, remover = aliased(Compte), aliased(Compte)
    rows = session.execute(
        select(GrilleSortiePrix, writer.nom, remover.nom)
        .outerjoin(writer, writer.id == GrilleSortiePrix.saisi_par)
        .outerjoin(remover, remover.id == GrilleSortiePrix.retire_par)
        .where(GrilleSortiePrix.grille_id.in_(formes))
        .order_by(GrilleSortiePrix.effet_le, GrilleSortiePrix.id)
    )
    written: dict[int, list[PrixVus]] = {}
    for one, by, removed_by in rows:
        rule = bareme(formes[one.grille_id], one.seuils, one.prix)
        seen = PrixVus(one.id, one.effet_le, rule, one.saisi_le, by, one.retire_le, removed_by)
        written.setdefault(one.grille_id, []).append(seen)
    return written


def _vue(row: Any, written: Sequence[PrixVus], today: date) -> GrilleVue:
    standing = [one for one in written if one.retire_le is None]
    return GrilleVue(
        id=row.id,
        nom=insecables(row.nom),
        forme=Forme(row.forme),
        bareme=bareme(row.forme, row.seuils, row.prix),
        sorties=row.sorties,
        a_venir=tuple(one for one in standing if one.effet_le > today),
        passes=tuple(one for one in standing if one.effet_le <= today),
        retires=tuple(one for one in written if one.retire_le is not None),
    )

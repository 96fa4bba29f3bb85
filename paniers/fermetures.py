"""Closing days of the town and of maisons, and the public holidays on which a hand-out would fall.

They decide nothing: they make the coordination decide, weeks ahead. A hand-out that falls on such a day is *in doubt*
until it has been moved, skipped or sent elsewhere, or the coordination says that it is kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import holidays
from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel.clock import PARIS
from kernel.errors import Introuvable, Refus
from kernel.outbox import publish
from paniers.agenda import agenda
from paniers.distributions import exiger_maison, lire_motif
from paniers.events import SemaineADecider
from paniers.models.distributions import Fermeture
from paniers.models.semaines import Semaine
from paniers.regles.etats import EtatSemaine
from paniers.semaines import verrouiller

ALERTE = timedelta(weeks=3)
LA_PLUS_LONGUE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Empechement:
    """Why a hand-out is in doubt on `jour`. `maison_id` None: everywhere. `veille`: the next day is the holiday."""

    jour: date
    motif: str
    maison_id: int | None = None
    veille: bool = False
    ferie: bool = False


@dataclass(frozen=True, slots=True)
class Doute:
    """A week with what stands in the way of it, and the day before or after that would do."""

    semaine_id: int
    code: str
    retrait_le: date
    empechements: tuple[Empechement, ...]
    autre_jour: date | None
    dit: bool = False

    @property
    def pour_tous(self) -> bool:
        return any(one.maison_id is None and not one.veille for one in self.empechements)


def fermer(
    session: Session,
    *,
    maison_id: int | None,
    du: date,
    au: date,
    motif: str,
    instant: datetime,
    par: int | None = None,
) -> Fermeture:
    """Note that a maison (None: all of them) is closed on these days. Raises Refus."""
    if maison_id is not None:
        exiger_maison(session, maison_id)
    if au < du:
        raise Refus("Le dernier jour vient avant le premier : échangez-les.")
    if au < instant.astimezone(PARIS).date():
        raise Refus("Ces jours sont passés : choisissez des jours à venir.")
    if au - du > LA_PLUS_LONGUE:
        raise Refus("Une fermeture dure un an au plus : choisissez un dernier jour plus proche.")
    made = Fermeture(maison_id=maison_id, du=du, au=au, motif=lire_motif(motif), posee_le=instant, posee_par=par)
    session.add(made)
    return made


def lever(session: Session, fermeture_id: int, *, instant: datetime) -> None:
    """Take a closing back; twice is harmless. Raises Introuvable."""
    found = session.get(Fermeture, fermeture_id, with_for_update=True)
    if found is None:
        raise Introuvable
    found.levee_le = found.levee_le or instant


def en_doute(session: Session, instant: datetime) -> list[Doute]:
    """The weeks to come on a holiday, its eve, or a closing, of which nothing was decided. Four queries."""
    today = instant.astimezone(PARIS).date()
    weeks = session.scalars(
        select(Semaine)
        .where(Semaine.retrait_le >= today, Semaine.etat.in_((EtatSemaine.OUVERTE, EtatSemaine.CLOTUREE)))
        .order_by(Semaine.retrait_le)
    ).all()
    if not weeks:
        return []
    places = session.scalars(select(Maison.id).where(Maison.active)).all()
    closings = fermetures(session, weeks[0].retrait_le, weeks[-1].retrait_le)
    known = agenda(session, [week.id for week in weeks])
    found = []
    for week in weeks:
        undecided = [place for place in places if not known.decide(week, place)]
        hindered = empechements(week.retrait_le, undecided, closings)
        if hindered:
            other = autre_jour(week.retrait_le, closings)
            told = week.doute_dit_le is not None
            found.append(Doute(week.id, week.code, week.retrait_le, hindered, other, told))
    return found


def fermetures(session: Session, du: date, au: date) -> Sequence[Fermeture]:
    """The closings that touch these days and have not been taken back, the earliest first."""
    return session.scalars(
        select(Fermeture)
        .where(Fermeture.du <= au, Fermeture.au >= du, Fermeture.levee_le.is_(None))
        .order_by(Fermeture.du, Fermeture.id)
    ).all()


def empechements(day: date, maisons: Iterable[int], closings: Iterable[Fermeture]) -> tuple[Empechement, ...]:
    """What stands in the way of a hand-out on `day` at those `maisons`; nothing when there are none left. Pure."""
    places = list(maisons)
    if not places:
        return ()
    found = [
        Empechement(day, closing.motif, closing.maison_id)
        for closing in closings
        if closing.du <= day <= closing.au and closing.maison_id in (None, *places)
    ]
    own, tomorrow = ferie(day), ferie(day + timedelta(days=1))
    if own:
        found.insert(0, Empechement(day, own, ferie=True))
    elif tomorrow:
        found.append(Empechement(day, tomorrow, veille=True))
    return tuple(found)


def autre_jour(day: date, closings: Iterable[Fermeture]) -> date | None:
    """The nearest working day to `day` in the same week (the day before first) on which nothing is closed. Pure."""
    shut = [closing for closing in closings if closing.maison_id is None]
    for shift in (-1, 1, -2, 2):
        other = day + timedelta(days=shift)
        same_week = other.isocalendar()[:2] == day.isocalendar()[:2]
        closed = any(closing.du <= other <= closing.au for closing in shut)
        # Monday is the day of the orders, Sunday nobody works.
        if same_week and 2 <= other.isoweekday() <= 6 and not ferie(other) and not closed:
            return other
    return None


def ferie(day: date) -> str | None:
    """The public holiday of that day in metropolitan France, as people call it; None on a working day."""
    return _feries(day.year).get(day)


def annoncer_les_doutes(session: Session, instant: datetime) -> None:
    """Tell the coordination, once for each week, of a hand-out in doubt within three weeks."""
    limit = instant.astimezone(PARIS).date() + ALERTE
    for doubt in en_doute(session, instant):
        if doubt.retrait_le > limit or doubt.dit:
            continue
        week = verrouiller(session, doubt.semaine_id)
        if week.doute_dit_le is None:
            week.doute_dit_le = instant
            publish(session, SemaineADecider(week.id))


@lru_cache(maxsize=16)
def _feries(year: int) -> dict[date, str]:
    named = holidays.country_holidays("FR", years=year, language="fr")
    return {day: str(name).replace("'", "’") for day, name in named.items()}


def motif(hindered: Empechement) -> str:
    """``veille de jour férié (Noël)``, ``jour férié (Ascension)``, or why it is closed."""
    if hindered.veille:
        return f"veille de jour férié ({hindered.motif})"
    return f"jour férié ({hindered.motif})" if hindered.ferie else hindered.motif

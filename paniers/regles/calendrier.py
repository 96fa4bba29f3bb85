"""The calendar of a week: from a rhythm (data) to the instants at which each step is due. Pure.

A week is the ISO week of its nominal pick-up day. Offers, composition and cut-off fall in the week before, the orders
on the Monday of the week itself. Everything is said in Paris's civil time, so a cut-off on a night when clocks change
is still 23:59 on the clocks of Paris.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from kernel.clock import paris
from kernel.errors import Refus

# The steps that follow one another within the week before, then the orders and the pick-up of the week itself.
_SUITE = (
    ("publication", "La composition se publie après la fin des offres : choisissez un moment plus tardif."),
    (
        "cloture",
        "La clôture vient après la publication, le panier est alors connu des familles : choisissez plus tard.",
    ),
)
_RETRAIT_TROP_TOT = "Le retrait vient au moins un jour après les commandes : choisissez un jour plus tardif."


class Rythme(Protocol):
    """The data of `models.Calendrier`; weekdays are ISO, Monday 1."""

    retrait_jour: int
    offres_jour: int
    offres_heure: time
    publication_jour: int
    publication_heure: time
    cloture_jour: int
    cloture_heure: time
    commande_jour: int
    commande_heure: time


class RythmeDate(Rythme, Protocol):
    """A rhythm with the day from which it counts."""

    effet_le: date


@dataclass(frozen=True, slots=True)
class Etapes:
    """The instants of a week (aware, UTC) and its nominal pick-up day."""

    code: str
    retrait_le: date
    offres_jusqu_a: datetime
    publication_le: datetime
    cloture_le: datetime
    commande_le: datetime


def lundi(day: date) -> date:
    """The Monday of the ISO week of `day`."""
    return day - timedelta(days=day.weekday())


def code(retrait_le: date) -> str:
    """``2026-W48``: the ISO week of a nominal pick-up day."""
    year, week, _ = retrait_le.isocalendar()
    return f"{year}-W{week:02d}"


def retrait_de(code_semaine: str, rythme: Rythme) -> date:
    """The nominal pick-up day of ``2026-W48``. Raises ValueError when there is no such week."""
    year, _, week = code_semaine.partition("-W")
    return date.fromisocalendar(int(year), int(week), rythme.retrait_jour)


def etapes(retrait_le: date, rythme: Rythme) -> Etapes:
    """The steps of the week whose nominal pick-up day is `retrait_le`."""
    monday = lundi(retrait_le)
    before = monday - timedelta(days=7)
    return Etapes(
        code=code(retrait_le),
        retrait_le=retrait_le,
        offres_jusqu_a=_at(before, rythme.offres_jour, rythme.offres_heure),
        publication_le=_at(before, rythme.publication_jour, rythme.publication_heure),
        cloture_le=_at(before, rythme.cloture_jour, rythme.cloture_heure),
        commande_le=_at(monday, rythme.commande_jour, rythme.commande_heure),
    )


def retraits_a_venir(today: date, rythmes: Sequence[RythmeDate], combien: int) -> list[tuple[date, RythmeDate]]:
    """The next `combien` nominal pick-up days, today's included, each with the rhythm in force on that very day.

    Weeks before the first rhythm have none. A change of rhythm never gives a week two pick-up days, nor none: the
    latest rhythm that has begun by its own pick-up day of that week counts.
    """
    latest_first = sorted(rythmes, key=lambda rythme: rythme.effet_le, reverse=True)
    monday, found = lundi(today), list[tuple[date, RythmeDate]]()
    # No rhythm begins later than this week: beyond it every week has one, so the search ends.
    end = max([today, *(rythme.effet_le for rythme in rythmes)]) + timedelta(weeks=combien + 1)
    while len(found) < combien and monday <= end:
        days = ((monday + timedelta(days=rythme.retrait_jour - 1), rythme) for rythme in latest_first)
        chosen = next(((day, rythme) for day, rythme in days if rythme.effet_le <= day), None)
        if chosen is not None and chosen[0] >= today:
            found.append(chosen)
        monday += timedelta(days=7)
    return found


def desordre(rythme: Rythme) -> dict[str, str]:
    """The steps of a rhythm that come too early, each with what to do; empty when each follows the one before."""
    found = {}
    before = (rythme.offres_jour, rythme.offres_heure)
    for step, sentence in _SUITE:
        at = (getattr(rythme, f"{step}_jour"), getattr(rythme, f"{step}_heure"))
        if at <= before:
            found[f"{step}_jour"] = sentence
        before = at
    if rythme.retrait_jour <= rythme.commande_jour:
        found["retrait_jour"] = _RETRAIT_TROP_TOT
    return found


def exiger_dans_l_ordre(rythme: Rythme) -> None:
    """Raises Refus, with the first step that comes too early."""
    for sentence in desordre(rythme).values():
        raise Refus(sentence)


def _at(monday: date, weekday: int, at: time) -> datetime:
    return paris(monday + timedelta(days=weekday - 1), at)

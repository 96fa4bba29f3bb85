"""Which quotient familial counts for a basket: a pure rule, read as of a cut-off.

A household's quotients are given, checked or refused, each at an instant; nothing is ever overwritten. So the question
"what did we know at that instant?" has the same answer whenever it is asked, and a check made late never changes a
price backwards.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

SEMAINES_SANS_PREUVE = 4
MOIS_DE_VALIDITE = 12
VALEUR_MAX = 99_999


@dataclass(frozen=True, slots=True)
class Lecture:
    """One quotient of a household: whole euros, its month, and when it was given, checked or refused (instants)."""

    valeur: int
    mois: date
    source: str
    declare_le: datetime
    verifie_le: datetime | None = None
    refuse_le: datetime | None = None
    valide_jusqu_au: date | None = None


def qf_retenu(
    lectures: Iterable[Lecture], *, instant: datetime, jour: date, semaines_sans_preuve: int = SEMAINES_SANS_PREUVE
) -> Lecture | None:
    """The quotient that counts at the cut-off `instant` for a basket picked up on `jour`; None means the top price.

    The one declared last wins among those that apply. One that nobody has checked applies for
    `semaines_sans_preuve` weeks from its declaration on (a rule of the scheme), one that an agent has checked until
    its validity ends.
    """
    known = [lecture for lecture in lectures if s_applique(lecture, instant, jour, semaines_sans_preuve)]
    return max(known, key=lambda lecture: _rang(lecture, instant), default=None)


def s_applique(lecture: Lecture, instant: datetime, jour: date, semaines_sans_preuve: int) -> bool:
    """Whether this quotient alone would count: what happens after `instant` is not known yet."""
    if lecture.declare_le > instant:
        return False
    if lecture.refuse_le is not None and lecture.refuse_le <= instant:
        return False
    if lecture.verifie_le is not None and lecture.verifie_le <= instant:
        return lecture.valide_jusqu_au is not None and jour <= lecture.valide_jusqu_au
    return instant < fin_sans_preuve(lecture.declare_le, semaines_sans_preuve)


def fin_sans_preuve(declare_le: datetime, semaines: int = SEMAINES_SANS_PREUVE) -> datetime:
    """From this instant on, a quotient that nobody has checked no longer counts."""
    return declare_le + timedelta(weeks=semaines)


def validite_usuelle(mois: date) -> date:
    """The last day on which a checked quotient of `mois` counts: the end of the same month one year later."""
    return premier_du_mois(mois, MOIS_DE_VALIDITE + 1) - timedelta(days=1)


def premier_du_mois(day: date, ajout: int = 0) -> date:
    """The first day of the month that lies `ajout` months after that of `day`."""
    years, month = divmod(day.month - 1 + ajout, 12)
    return date(day.year + years, month + 1, 1)


def mois_recevables(today: date) -> list[date]:
    """The months whose quotient may be given today, the latest first: this one and the twelve before."""
    return [premier_du_mois(today, -back) for back in range(MOIS_DE_VALIDITE + 1)]


def _rang(lecture: Lecture, instant: datetime) -> tuple[datetime, bool, date, int, str, date]:
    # Past the first, these only settle ties, so that the order of the list never decides a price.
    checked = lecture.verifie_le is not None and lecture.verifie_le <= instant
    return (
        lecture.declare_le,
        checked,
        lecture.mois,
        -lecture.valeur,
        lecture.source,
        lecture.valide_jusqu_au if checked and lecture.valide_jusqu_au else date.min,
    )

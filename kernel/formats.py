"""How French people read figures and dates; registered as template filters for pages, e-mails and PDFs alike."""

import re
from datetime import date, datetime, time

from babel.dates import format_date

from kernel.clock import PARIS
from kernel.money import NO_BREAK, Euros

LOCALE = "fr"

_TIED = re.compile(r"(?<=\S) (?=[:;?!»](?:\s|$|<))|(?<=«) (?=\S)|(?<=\d) (?=(?:€|kg|g|h|km)\b|[€%])")


def insecables(sentence: str) -> str:
    """French spaces where a line must not break: before ``: ; ? ! »``, after ``«``, between a figure and its unit."""
    return _TIED.sub(NO_BREAK, sentence)


def euros(amount: int | Euros) -> str:
    """Centimes or Euros → ``5,50 €``."""
    return str(amount if isinstance(amount, Euros) else Euros(amount))


def jour(day: date) -> str:
    """``jeudi 26 novembre``; an instant is read as its day in Paris. The first of a month is ``1er``."""
    return _first(format_date(_day(day), "EEEE d MMMM", LOCALE))


def jour_annee(day: date) -> str:
    """``jeudi 26 novembre 2026``."""
    return _first(format_date(_day(day), "EEEE d MMMM y", LOCALE))


def jour_court(day: date) -> str:
    """``26 nov. 2026``, for dense tables."""
    return format_date(_day(day), "d MMM y", LOCALE)


def mois(day: date) -> str:
    """``novembre 2026``."""
    return format_date(_day(day), "MMMM y", LOCALE)


def heure(at: time | datetime) -> str:
    """``17 h`` or ``17 h 30``, on Paris clocks."""
    local = at.astimezone(PARIS) if isinstance(at, datetime) else at
    minutes = f"{NO_BREAK}{local.minute:02d}" if local.minute else ""
    return f"{local.hour}{NO_BREAK}h{minutes}"


def instant(at: datetime) -> str:
    """``dimanche 22 novembre à 23 h 59``."""
    return f"{jour(at)} à {heure(at)}"


def poids(grams: int) -> str:
    """``3,5 kg`` from one kilogram on, ``450 g`` below."""
    if abs(grams) < 1000:
        return f"{grams}{NO_BREAK}g"
    kilos = f"{grams / 1000:.3f}".rstrip("0").rstrip(".").replace(".", ",")
    return f"{kilos}{NO_BREAK}kg"


def telephone(number: str) -> str:
    """``+33612345678`` → ``06 12 34 56 78``."""
    national = "0" + number.removeprefix("+33") if number.startswith("+33") else number
    return NO_BREAK.join(national[i : i + 2] for i in range(0, len(national), 2))


FILTERS = {
    f.__name__: f for f in (insecables, euros, jour, jour_annee, jour_court, mois, heure, instant, poids, telephone)
}


def _day(day: date) -> date:
    return day.astimezone(PARIS).date() if isinstance(day, datetime) else day


def _first(written: str) -> str:
    return written.replace(" 1 ", " 1er ", 1)

"""Figures and dates as French people read them."""

from datetime import UTC, date, datetime, time

import pytest

from kernel import formats
from kernel.money import NO_BREAK, Euros


def lu(text: str) -> str:
    return text.replace(NO_BREAK, " ")


def test_an_amount_is_read_from_centimes_or_euros() -> None:
    assert lu(formats.euros(550)) == lu(formats.euros(Euros(550))) == "5,50 €"


@pytest.mark.parametrize(
    ("day", "read", "with_year", "short", "month"),
    [
        (date(2026, 11, 26), "jeudi 26 novembre", "jeudi 26 novembre 2026", "26 nov. 2026", "novembre 2026"),
        (date(2026, 5, 1), "vendredi 1er mai", "vendredi 1er mai 2026", "1 mai 2026", "mai 2026"),
        (date(2026, 8, 11), "mardi 11 août", "mardi 11 août 2026", "11 août 2026", "août 2026"),
    ],
)
def test_a_day_is_read_aloud(day: date, read: str, with_year: str, short: str, month: str) -> None:
    assert lu(formats.jour(day)) == read
    assert lu(formats.jour_annee(day)) == with_year
    assert lu(formats.jour_court(day)) == short
    assert lu(formats.mois(day)) == month


def test_an_instant_is_read_as_its_day_and_hour_in_paris() -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert lu(formats.jour(late)) == "lundi 23 novembre"
    assert lu(formats.heure(late)) == "0 h 30"
    cut_off = datetime(2026, 11, 22, 22, 59, tzinfo=UTC)
    assert lu(formats.instant(cut_off)) == "dimanche 22 novembre à 23 h 59"


@pytest.mark.parametrize(("at", "read"), [(time(17), "17 h"), (time(17, 30), "17 h 30"), (time(9, 5), "9 h 05")])
def test_an_hour_drops_its_empty_minutes(at: time, read: str) -> None:
    assert lu(formats.heure(at)) == read


@pytest.mark.parametrize(
    ("grams", "read"),
    [
        (0, "0 g"),
        (450, "450 g"),
        (999, "999 g"),
        (1000, "1 kg"),
        (3500, "3,5 kg"),
        (3525, "3,525 kg"),
        (20000, "20 kg"),
    ],
)
def test_a_weight_is_in_kilograms_from_one_on(grams: int, read: str) -> None:
    assert lu(formats.poids(grams)) == read


def test_a_telephone_number_is_read_by_twos() -> None:
    assert lu(formats.telephone("+33612345678")) == "06 12 34 56 78"


def test_lines_do_not_break_inside_an_amount_an_hour_or_a_weight() -> None:
    for text in (
        formats.euros(123450),
        formats.heure(time(17, 30)),
        formats.poids(3500),
        formats.telephone("+33612345678"),
    ):
        assert " " not in text

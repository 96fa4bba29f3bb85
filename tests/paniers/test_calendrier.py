"""The calendar of a week: ISO weeks over the new year, both nights when clocks change, offers before orders."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import PARIS
from paniers.regles.calendrier import code, etapes, lundi, retrait_de, retraits_a_venir


@dataclass
class Rythme:
    """The default rhythm of the scheme."""

    effet_le: date = date(2000, 1, 1)
    retrait_jour: int = 4
    offres_jour: int = 4
    offres_heure: time = time(23, 59)
    publication_jour: int = 5
    publication_heure: time = time(17)
    cloture_jour: int = 7
    cloture_heure: time = time(23, 59)
    commande_jour: int = 1
    commande_heure: time = time(6)


JOURS = st.dates(date(2020, 1, 1), date(2060, 12, 31))


def horloge(instant: datetime) -> tuple[date, time]:
    """What the clocks of Paris show."""
    local = instant.astimezone(PARIS)
    return local.date(), local.time()


def test_a_week_by_default() -> None:
    week = etapes(date(2026, 11, 26), Rythme())
    assert week.code == "2026-W48"
    assert horloge(week.offres_jusqu_a) == (date(2026, 11, 19), time(23, 59))
    assert horloge(week.publication_le) == (date(2026, 11, 20), time(17))
    assert horloge(week.cloture_le) == (date(2026, 11, 22), time(23, 59))
    assert horloge(week.commande_le) == (date(2026, 11, 23), time(6))


@pytest.mark.parametrize(
    ("retrait", "nom"),
    [
        (date(2026, 12, 31), "2026-W53"),
        (date(2027, 1, 7), "2027-W01"),
        (date(2025, 1, 2), "2025-W01"),
        (date(2024, 12, 31), "2025-W01"),
        (date(2027, 1, 1), "2026-W53"),
        (date(2020, 12, 31), "2020-W53"),
    ],
)
def test_the_week_bears_the_iso_year_over_the_new_year(retrait: date, nom: str) -> None:
    assert code(retrait) == nom
    assert retrait_de(nom, Rythme(retrait_jour=retrait.isoweekday())) == retrait


@pytest.mark.parametrize("nom", ["2027-W53", "2026-W00", "2026-W54", "2026W48", "", "2026-W", "abc-Wde"])
def test_a_week_that_is_not_in_the_calendar_is_refused(nom: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        retrait_de(nom, Rythme())


@pytest.mark.parametrize(
    ("cloture", "heures_du_jour"), [(date(2026, 10, 25), 25), (date(2027, 3, 28), 23), (date(2026, 11, 22), 24)]
)
def test_the_cutoff_is_sunday_2359_on_paris_clocks_when_they_change_too(cloture: date, heures_du_jour: int) -> None:
    week = etapes(cloture + timedelta(days=4), Rythme())
    assert horloge(week.cloture_le) == (cloture, time(23, 59))
    assert horloge(week.commande_le) == (cloture + timedelta(days=1), time(6))
    before = etapes(cloture + timedelta(days=4), Rythme(cloture_jour=6))
    assert week.cloture_le - before.cloture_le == timedelta(hours=heures_du_jour)
    assert week.commande_le - week.cloture_le == timedelta(hours=6, minutes=1), "the night itself is an ordinary one"


@given(JOURS, st.integers(1, 7))
def test_weeks_come_one_by_one_on_their_weekday(today: date, weekday: int) -> None:
    coming = [day for day, _ in retraits_a_venir(today, [Rythme(retrait_jour=weekday)], 60)]
    assert today <= coming[0] < today + timedelta(days=7)
    assert {day.isoweekday() for day in coming} == {weekday}
    assert len({code(day) for day in coming}) == 60
    assert all(later - day == timedelta(days=7) for day, later in pairwise(coming))


@given(JOURS, st.integers(1, 7), st.integers(1, 7), st.integers(-40, 80))
def test_each_week_has_the_rhythm_in_force_on_its_own_pickup_day(today: date, old: int, new: int, days: int) -> None:
    change = today + timedelta(days=days)
    rhythms = [Rythme(effet_le=change, retrait_jour=new), Rythme(retrait_jour=old)]
    coming = retraits_a_venir(today, rhythms, 12)
    assert [day for day, _ in coming] == sorted(day for day, _ in coming)
    assert len({code(day) for day, _ in coming}) == 12, "neither two pick-ups in a week, nor a week without"
    for day, rhythm in coming:
        assert rhythm.effet_le <= day
        assert day.isoweekday() == rhythm.retrait_jour
        begun = lundi(day) + timedelta(days=new - 1) >= change
        assert (rhythm is rhythms[0]) == begun, "the newest that has begun by its own day of that week"


def test_before_the_first_rhythm_there_are_no_weeks() -> None:
    first = Rythme(effet_le=date(2026, 12, 10))
    coming = retraits_a_venir(date(2026, 11, 20), [first], 2)
    assert [day for day, _ in coming] == [date(2026, 12, 10), date(2026, 12, 17)]
    assert retraits_a_venir(date(2026, 11, 20), [], 2) == []


@given(JOURS)
def test_a_code_leads_back_to_its_day_and_codes_sort_as_days_do(today: date) -> None:
    thursday = lundi(today) + timedelta(days=3)
    assert retrait_de(code(thursday), Rythme()) == thursday
    assert code(thursday) < code(thursday + timedelta(days=7))


@given(JOURS)
def test_steps_follow_one_another(today: date) -> None:
    thursday = lundi(today) + timedelta(days=3)
    week = etapes(thursday, Rythme())
    assert week.offres_jusqu_a < week.publication_le < week.cloture_le < week.commande_le
    assert week.commande_le.astimezone(PARIS).date() < week.retrait_le
    after = etapes(thursday + timedelta(days=7), Rythme())
    assert timedelta(hours=167) <= after.cloture_le - week.cloture_le <= timedelta(hours=169)
    assert after.offres_jusqu_a > week.commande_le, "the next week's offers end after this week's orders"

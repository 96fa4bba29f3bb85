"""The clock: Paris days over both nights when clocks change, and a now that can be set."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import clock
from kernel.clock import PARIS, paris
from tests.conftest import forget_settings

PRINTEMPS, AUTOMNE = date(2026, 3, 29), date(2026, 10, 25)


@pytest.mark.parametrize(
    ("day", "at", "instant"),
    [
        (date(2026, 11, 22), time(23, 59), datetime(2026, 11, 22, 22, 59, tzinfo=UTC)),
        (date(2026, 7, 5), time(23, 59), datetime(2026, 7, 5, 21, 59, tzinfo=UTC)),
        (PRINTEMPS, time(1, 59), datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        (PRINTEMPS, time(3), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        (PRINTEMPS, time(2, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # never shown: read as 3:30
        (PRINTEMPS, time(23, 59), datetime(2026, 3, 29, 21, 59, tzinfo=UTC)),
        (AUTOMNE, time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # shown twice: the first
        (AUTOMNE, time(3), datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
        (AUTOMNE, time(23, 59), datetime(2026, 10, 25, 22, 59, tzinfo=UTC)),
    ],
)
def test_an_instant_is_what_paris_clocks_show(day: date, at: time, instant: datetime) -> None:
    assert paris(day, at) == instant
    assert paris(day, at).tzinfo is UTC


@pytest.mark.parametrize(("day", "hours"), [(PRINTEMPS, 23), (AUTOMNE, 25), (date(2026, 11, 22), 24)])
def test_a_day_has_as_many_hours_as_it_has(day: date, hours: int) -> None:
    assert paris(day + timedelta(days=1)) - paris(day) == timedelta(hours=hours)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001 - Paris clocks show it
def test_later_on_the_clocks_is_never_an_earlier_day(shown: datetime) -> None:
    instant = paris(shown.date(), shown.time())
    assert instant.astimezone(PARIS).date() == shown.date()


def test_the_day_changes_at_midnight_in_paris_and_not_in_greenwich() -> None:
    for instant, day in (
        (datetime(2026, 11, 22, 22, 59, 59, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 7, 5, 22, 0, tzinfo=UTC), date(2026, 7, 6)),
    ):
        clock.set_now(instant)
        assert clock.now() == instant
        assert clock.today() == day
    clock.set_now(None)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        clock.set_now(datetime(2026, 11, 22))  # noqa: DTZ001 - on purpose


def test_an_installation_is_moved_by_its_file_and_goes_on_running(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOCK_SHIFT_FILE", str(tmp_path / "horloge"))
    forget_settings()
    assert clock.shift() == timedelta()
    monday = paris(date(2030, 1, 7), time(6))
    clock.write_shift(tmp_path / "horloge", monday)
    first, second = clock.now(), clock.now()
    assert monday <= first <= second < monday + timedelta(minutes=1)
    assert list(tmp_path.glob("*.new")) == []

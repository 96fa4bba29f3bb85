"""The one clock: instants are aware and in UTC, days are civil days of Paris.

Its now can be set, for one process (`set_now`) or for a whole installation: the file CLOCK_SHIFT_FILE holds a number
of seconds that every process adds, so that a demo town can live a week in a minute. The outbox keeps PostgreSQL's
own clock: retries and leases are about machines, not about the trade.
"""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from kernel.settings import get_settings

PARIS = ZoneInfo("Europe/Paris")

_set: datetime | None = None


def now() -> datetime:
    """The present instant, aware, in UTC."""
    if _set is not None:
        return _set
    return datetime.now(UTC) + shift()


def today() -> date:
    """The present civil day in Paris."""
    return now().astimezone(PARIS).date()


def paris(day: date, at: time = time()) -> datetime:
    """The instant at which Paris clocks show `at` on `day`; the first of the two in the autumn's doubled hour."""
    return datetime.combine(day, at, PARIS).astimezone(UTC)


def set_now(instant: datetime | None) -> None:
    """Set this process's clock to `instant` (aware), or let it run again with None."""
    global _set
    if instant is not None and instant.tzinfo is None:
        raise ValueError("an instant must be aware")
    _set = instant


def shift() -> timedelta:
    """What the installation adds to the real time: zero unless CLOCK_SHIFT_FILE says otherwise."""
    path = get_settings().clock_shift_file
    if path is None:
        return timedelta()
    try:
        return timedelta(seconds=float(path.read_text()))
    except FileNotFoundError:
        return timedelta()


def write_shift(path: Path, instant: datetime) -> None:
    """Move the installation's clock so that it now shows `instant`; it goes on running from there."""
    scratch = path.with_suffix(".new")
    scratch.write_text(str((instant - datetime.now(UTC)).total_seconds()))
    scratch.replace(path)

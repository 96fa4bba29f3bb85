"""The instant stamped on objects: the real clock, plus the seconds that a shift file holds, if there is one.

Webhook signatures keep the real clock: the one that verifies them compares with its own.
"""

import time
from datetime import UTC, datetime
from pathlib import Path


class Clock:
    """Seconds since 1970, moved by the content of `shift_file` (a number of seconds; absent means zero)."""

    def __init__(self, shift_file: Path | None = None) -> None:
        self._shift_file = shift_file

    def now(self) -> int:
        return int(time.time() + self._shift())

    def civil(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def _shift(self) -> float:
        if self._shift_file is None:
            return 0.0
        try:
            return float(self._shift_file.read_text().strip() or 0)
        except FileNotFoundError:
            return 0.0

"""Tables that people send: CSV of any usual encoding, or an Excel workbook. Told apart by content, never by name.

Nothing is guessed in silence: what was assumed (encoding, sheet, merged cells) is told in `Table.notes`. Whatever is
no table is refused with a sentence; sizes are bounded before anything is unpacked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kernel.errors import Refus
from kernel.web.words import _

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 100
MAX_SIGNS = 2_000
"""Of one cell that is kept; a longer one is only told."""


class Broken(StrEnum):
    """What stands in a cell and cannot be read as a value."""

    FORMULA = "formula"  # whose result the file does not hold
    ERROR = "error"  # #N/A, #REF!…
    LONG = "long"


Cell = str | int | float | bool | date | datetime | Broken | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row, numbered as the spreadsheet shows it, from 1."""

    number: int
    cells: tuple[Cell, ...]

    @property
    def empty(self) -> bool:
        return not any(cell not in (None, "") for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that hold something; `kind` and `notes` say in French how the file was read."""

    kind: str
    rows: Sequence[Row]
    notes: tuple[str, ...] = ()


def kept(text: str) -> str | Broken:
    """The text of a cell, bounded, without blanks around it."""
    return Broken.LONG if len(text) > MAX_SIGNS else text.strip()


def too_many_rows() -> Refus:
    return Refus(
        _("Ce fichier a plus de %(n)s lignes. Coupez-le en plusieurs fichiers.", n=f"{MAX_ROWS:_}".replace("_", " ")),
        status=422,
    )

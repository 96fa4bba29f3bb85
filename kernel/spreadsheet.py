"""CSV files that French spreadsheets open as they are, and that cannot run anything.

UTF-8 with a byte-order mark, semicolons, decimal commas. A text that a spreadsheet would take for a formula gets an
apostrophe in front; what is merely a number (``-5,00``) stays one.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

MEDIA_TYPE = "text/csv; charset=utf-8"

Cell = str | int | Decimal | date | None

_NUMBER = re.compile(r"[+-]?\d{1,15}([.,]\d{1,6})?")
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_FORMULA = tuple("=+-@|%＝＋－＠")


def csv_file(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The bytes of a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([_written(name) for name in header])
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return harmless(cell)
        case Decimal():
            return f"{cell:f}".replace(".", ",")
        case date():
            return f"{cell:%d/%m/%Y}"
        case _:
            return str(cell)


def harmless(text: str) -> str:
    """The text on one line, with an apostrophe in front where a spreadsheet would run it."""
    line = _BREAKS.sub(" ", text).strip()
    if _NUMBER.fullmatch(line) or not line.startswith(_FORMULA):
        return line
    return f"'{line}"

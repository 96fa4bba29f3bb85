"""CSV as French spreadsheets write it: which encoding and which separator are worked out, and told."""

import csv
import io
import unicodedata

from kernel.errors import Refus
from kernel.tables import MAX_COLUMNS, MAX_ROWS, Broken, Cell, Row, Table, kept, too_many_rows
from kernel.web.words import _

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# The one that stands in a usual line; commas also stand in addresses and names, so they come last.
_SEPARATORS = {"\t": "tabulation", ";": "point-virgule", ",": "virgule"}
_FRENCH = frozenset("àâäçéèêëîïôöùûüÿœæÀÂÇÉÈÊËÎÏÔÙÛÜŒÆ’«»°€–…\u00a0")
_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#VALEUR!", "#NOM?", "#NAME?", "#DIV/0!", "#NUL!", "#NULL!", "#NOMBRE!", "#NUM!"}
)
_NAMES = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252", "mac_roman": "Mac Roman"}


def read_csv(content: bytes) -> Table:
    """The rows of a CSV file. Raises Refus when it is none."""
    encoding = encoding_of(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise _unreadable() from None
    text = text.removeprefix("\ufeff")
    if text.count("\0") or _mostly_signs(text[:10_000]):
        raise _unreadable()
    separator, skipped = _separator(text)
    kind = _("CSV, %(codage)s, séparé par %(signe)s", codage=_NAMES[encoding], signe=_SEPARATORS[separator])
    return Table(kind, _rows(text, separator, skipped), _guessed(encoding, text))


def encoding_of(content: bytes) -> str:
    """By its mark; else UTF-8 if it is that; else whichever of Windows-1252 and Mac Roman looks like French."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    sample = content[:4_000]
    if sample.count(0) > len(sample) // 4:
        return "utf-16"
    try:
        content.decode()
    except UnicodeDecodeError:
        return "mac_roman" if _french(content, "mac_roman") > _french(content, "cp1252") else "cp1252"
    return "utf-8-sig"


def _french(content: bytes, encoding: str) -> int:
    """How much the text looks like French when read so: usual signs count for, odd ones against."""
    odd = [sign for sign in content.decode(encoding, "replace") if ord(sign) > 127]
    usual = sum(sign in _FRENCH for sign in odd)
    return usual - 2 * (len(odd) - usual)


def _guessed(encoding: str, text: str) -> tuple[str, ...]:
    if encoding not in ("cp1252", "mac_roman"):
        return ()
    word = next((w for w in text.replace(";", " ").replace(",", " ").split() if any(ord(s) > 127 for s in w)), "")
    return (
        _(
            "Le fichier ne dit pas son codage. Il a été lu comme %(codage)s : vérifiez les accents, par exemple "
            "« %(mot)s ».",
            codage=_NAMES[encoding],
            mot=word[:40],
        ),
    )


def _separator(text: str) -> tuple[str, int]:
    """The separator, and how many first lines only name it (``sep=;``)."""
    first, *others = text[:20_000].split("\n")[:30]
    named = first.rstrip("\r").removeprefix("sep=")
    if first.startswith("sep=") and named in _SEPARATORS:
        return named, 1
    lines = [line for line in (first, *others) if line.strip()] or [""]
    usual = [sign for sign in _SEPARATORS if sorted(line.count(sign) for line in lines)[len(lines) // 2]]
    return usual[0] if usual else max(_SEPARATORS, key=text[:20_000].count), 0


def _rows(text: str, separator: str, skipped: int) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[Row] = []
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if any(cells[MAX_COLUMNS:]):
                raise _too_wide(number)
            row = Row(number, tuple(_cell(cell) for cell in cells[:MAX_COLUMNS]))
            if number > skipped and not row.empty:
                rows.append(row)
            if len(rows) > MAX_ROWS + 1:
                raise too_many_rows()
    except csv.Error:
        raise Refus(
            _(
                'Ligne %(n)s : une case est démesurée, ou un guillemet (") n’est pas fermé. Corrigez cette ligne, puis '
                "envoyez de nouveau le fichier.",
                n=number + 1,
            ),
            status=422,
        ) from None
    return rows


def _cell(text: str) -> Cell:
    value = kept(text)
    return Broken.ERROR if value in _ERRORS else value


def _too_wide(number: int) -> Refus:
    return Refus(
        _("Ligne %(n)s : plus de %(max)s colonnes. Ce n’est pas un tableau de foyers.", n=number, max=MAX_COLUMNS),
        status=422,
    )


def _mostly_signs(text: str) -> bool:
    control = sum(unicodedata.category(sign) == "Cc" and sign not in "\t\r\n" for sign in text)
    return control > len(text) // 50


def _unreadable() -> Refus:
    return Refus(
        _(
            "Ce fichier n’est pas un tableau que nous savons lire. Enregistrez-le en .xlsx ou en .csv, puis "
            "renvoyez-le."
        ),
        status=422,
    )

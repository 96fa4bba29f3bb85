"""Excel workbooks (.xlsx), by openpyxl in its reading mode, with what it could be harmed by refused first.

A formula counts as the result that the spreadsheet last saved; one without a saved result is told, never read as empty.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from kernel.errors import Refus
from kernel.tables import MAX_COLUMNS, MAX_ROWS, Broken, Cell, Row, Table, kept, too_many_rows
from kernel.web.words import _

MAX_UNPACKED = 120 * 1024 * 1024
MAX_FILES = 2_000
MAX_SHEETS = 40
DEEPEST_ROW = 60_000  # whatever stands further down is a stray cell

_ENTITY = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_MERGED = re.compile(rb'<mergeCell ref="([A-Z0-9:]{1,20})"')


def read_xlsx(content: bytes) -> Table:
    """The rows of the first visible sheet that holds any. Raises Refus."""
    merged, formulas = _inspect(content)
    try:
        return _read(content, merged, formulas)
    except Refus:
        raise
    except Exception:  # noqa: BLE001 - whatever a reader of broken files stumbles over, the file is what is broken
        raise _damaged() from None


def _read(content: bytes, merged: list[str], formulas: bool) -> Table:
    book = _open(content, values=True)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    hidden = [sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"]
    for sheet in visible[:MAX_SHEETS]:
        found = list(_rows(sheet))
        if found:
            if formulas:
                found = _without_lost_formulas(content, sheet.title, found)
            others = [other.title for other in visible if other is not sheet]
            kind = _("Excel, feuille « %(nom)s »", nom=sheet.title[:40])
            return Table(kind, found, _notes(others, hidden, merged, formulas))
    return Table(_("Excel"), [])


def _open(content: bytes, *, values: bool) -> Any:
    import openpyxl  # noqa: PLC0415 - 11 MB in each web process, for the one that reads a workbook

    return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=values, keep_links=False)


def _rows(sheet: Any) -> Iterator[Row]:
    # What a sheet says of its own size is not to be trusted.
    sheet.reset_dimensions()
    kept_rows = 0
    for number, cells in enumerate(sheet.iter_rows(max_row=DEEPEST_ROW, max_col=MAX_COLUMNS), 1):
        row = Row(number, _filled([_cell(cell) for cell in cells]))
        if row.cells:
            kept_rows += 1
            if kept_rows > MAX_ROWS + 1:
                raise too_many_rows()
            yield row


def _filled(cells: list[Cell]) -> tuple[Cell, ...]:
    """The cells up to the last that holds something."""
    while cells and cells[-1] in (None, ""):
        cells.pop()
    return tuple(cells)


def _cell(cell: Any) -> Cell:
    value = cell.value
    if cell.data_type == "e":
        return Broken.ERROR
    if isinstance(value, str):
        return kept(value)
    if value is None or isinstance(value, Cell):
        return value
    return kept(str(value))


def _without_lost_formulas(content: bytes, title: str, rows: Sequence[Row]) -> list[Row]:
    """The rows, with formulas that have no saved result marked as such."""
    sheet = _open(content, values=False)[title]
    sheet.reset_dimensions()
    values = {row.number: list(row.cells) for row in rows}
    for number, cells in enumerate(sheet.iter_rows(max_row=DEEPEST_ROW, max_col=MAX_COLUMNS), 1):
        for place, cell in enumerate(cells):
            if cell.data_type == "f":
                known = values.setdefault(number, [])
                known += [None] * (place + 1 - len(known))
                if known[place] in (None, ""):
                    known[place] = Broken.FORMULA
    return [Row(number, tuple(cells)) for number, cells in sorted(values.items())]


def _notes(others: list[str], hidden: list[str], merged: list[str], formulas: bool) -> tuple[str, ...]:
    told = []
    if others:
        told.append(_("Seule la première feuille remplie est lue. Pas lues : %(noms)s.", noms=_listed(others)))
    if hidden:
        told.append(_("Les feuilles masquées ne sont pas lues : %(noms)s.", noms=_listed(hidden)))
    if merged:
        told.append(
            _(
                "Des cases sont fusionnées (%(cases)s) : seule la première compte, les autres sont vides.",
                cases=_listed(merged),
            )
        )
    if formulas:
        told.append(_("Des cases sont des formules : c’est leur dernier résultat enregistré qui est lu."))
    return tuple(told)


def _listed(names: list[str]) -> str:
    return ", ".join(name[:40] for name in names[:5]) + ("…" if len(names) > 5 else "")


def _inspect(content: bytes) -> tuple[list[str], bool]:
    """Merged cells, and whether there are formulas. Raises Refus for what must not be opened."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _refuse_other_kinds({member.filename for member in members})
            _refuse_bombs(members)
            return _look_inside(archive, [m for m in members if m.filename.endswith((".xml", ".rels"))])
    except Refus:
        raise
    except Exception:  # noqa: BLE001 - a broken archive breaks its reader in many ways
        raise _damaged() from None


def _refuse_other_kinds(names: set[str]) -> None:
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refus(
            _("Ce classeur contient des macros. Enregistrez-le en .xlsx, sans macros, puis renvoyez-le."), status=422
        )
    if "xl/workbook.xml" not in names:
        raise Refus(
            _("Ce fichier n’est pas un classeur Excel. Enregistrez-le en .xlsx ou en .csv, puis renvoyez-le."),
            status=422,
        )


def _refuse_bombs(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_FILES or sum(member.file_size for member in members) > MAX_UNPACKED:
        raise Refus(
            _("Ce classeur est trop gros une fois ouvert. Gardez la seule feuille des foyers, sans images."), status=422
        )


def _look_inside(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> tuple[list[str], bool]:
    merged: list[str] = []
    formulas = False
    for member in members:
        with archive.open(member) as stream:
            data = stream.read(MAX_UNPACKED)
        if _ENTITY.search(data):
            raise _damaged()
        if member.filename.startswith("xl/worksheets/"):
            merged += [found.decode() for found in _MERGED.findall(data)]
            formulas = formulas or b"<f>" in data or b"<f " in data
    return merged, formulas


def _damaged() -> Refus:
    return Refus(
        _(
            "Ce classeur est abîmé ou incomplet. Ouvrez-le dans votre tableur, enregistrez-le de nouveau en .xlsx, "
            "puis renvoyez-le."
        ),
        status=422,
    )

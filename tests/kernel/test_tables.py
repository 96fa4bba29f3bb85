"""Tables that people send: every shape that spreadsheets save, and files that are none."""

import io
import zipfile
from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from kernel import tables_xlsx
from kernel.errors import Refus
from kernel.table_files import read_table
from kernel.tables import Broken
from kernel.tables_csv import read_csv
from tests.paniers.feuilles import en_csv, en_xlsx, enregistre

SEPTEMBRE = datetime(2026, 9, 3)  # noqa: DTZ001 - a day on paper has no zone
LIGNES = [["Nom", "Prénom", "QF"], ["L’Hostis", "Hélène", "640"], ["Çelik", "Noël", "1250"]]


@pytest.mark.parametrize("codage", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman"])
@pytest.mark.parametrize("separateur", [";", ",", "\t"])
def test_csv_is_read_in_any_usual_encoding_and_separator(codage: str, separateur: str) -> None:
    content = en_csv(LIGNES, separateur, codage)
    if codage == "utf-16-be":
        content = b"\xfe\xff" + content
    table = read_table(content)
    assert [list(row.cells) for row in table.rows] == LIGNES
    guessed = codage in ("cp1252", "mac_roman")
    assert bool(table.notes) is guessed, "what was guessed is said"


def test_rows_bear_the_numbers_that_a_spreadsheet_shows() -> None:
    table = read_table(b'Nom;Mot\r\n\r\n;;\r\nBenali;"sur\r\ndeux lignes"\r\nDiallo;un\r\n')
    assert [row.number for row in table.rows] == [1, 4, 5]


def test_the_first_line_may_name_the_separator() -> None:
    table = read_table(b"sep=,\r\nNom,Adresse;ville\r\nBenali,1 rue\r\n")
    assert [(row.number, row.cells) for row in table.rows] == [(2, ("Nom", "Adresse;ville")), (3, ("Benali", "1 rue"))]


def test_commas_in_a_column_do_not_pass_for_separators() -> None:
    table = read_table(b"Nom;Adresse, ville, pays\r\nBenali;1, rue, ici\r\n")
    assert table.rows[1].cells == ("Benali", "1, rue, ici")


@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
def test_dates_of_both_excel_calendars_are_days(epoch: datetime | None) -> None:
    book = Workbook()
    if epoch is not None:
        book.epoch = epoch
    book.active.append(["Nom", SEPTEMBRE, date(2027, 2, 25), 612345678])
    (row,) = read_table(enregistre(book)).rows
    assert row.cells[:2] == ("Nom", SEPTEMBRE)
    assert str(row.cells[2]).startswith("2027-02-25")
    assert row.cells[3:] == (612345678,)


def test_a_workbook_is_read_as_it_is_seen() -> None:
    book = Workbook()
    book.active.title = "Cachée"
    book.active.sheet_state = "hidden"
    book.active.append(["secret"])
    book.create_sheet("Vide")
    sheet = book.create_sheet("Foyers")
    for line in LIGNES:
        sheet.append(line)
    sheet.append([None, "#N/A", "=1+1"])
    sheet["B4"].data_type = "e"
    sheet.merge_cells("A2:A3")
    book.create_sheet("Notes").append(["à part"])
    table = read_table(enregistre(book))
    assert [row.number for row in table.rows] == [1, 2, 3, 4]
    assert table.rows[3].cells[1:] == (Broken.ERROR, Broken.FORMULA), "no result was ever saved"
    told = " ".join(table.notes)
    assert all(word in told for word in ("Cachée", "Vide, Notes", "A2:A3", "formules")), told


def test_what_the_spreadsheet_last_reckoned_is_what_a_formula_says() -> None:
    content = _with_member(en_xlsx([["Nom", 0]]), "xl/worksheets/sheet1.xml", "<v>0</v>", "<f>6*7</f><v>42</v>")
    table = read_table(content)
    assert table.rows[0].cells == ("Nom", 42)
    assert "formules" in table.notes[0]


def _with_member(content: bytes, name: str, old: str, new: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for member in before.infolist():
            data = before.read(member)
            after.writestr(
                member.filename, data.replace(old.encode(), new.encode()) if member.filename == name else data
            )
    return out.getvalue()


def _with_file(content: bytes, name: str, data: bytes) -> bytes:
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def _odt() -> bytes:
    return _with_file(b"", "content.xml", b"<office/>")


XLSX = en_xlsx(LIGNES)
REFUSES = {
    "empty": (b"", "vide"),
    "blanks": (b" \r\n\t\0", "vide"),
    "html renamed .xls": (b"<html><table><tr><td>Nom</td></tr></table></html>", "page web"),
    "xml spreadsheet": (b"\xef\xbb\xbf<?xml version='1.0'?><Workbook/>", "page web"),
    "old xls or password": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "ancien format"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "document"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "pas un tableau"),
    "truncated xlsx": (XLSX[: len(XLSX) // 2], "abîmé"),
    "spoilt xlsx": (XLSX[:60] + b"\0" * 40 + XLSX[100:], "abîmé"),
    "other archive": (_odt(), "pas un classeur Excel"),
    "macros": (_with_file(XLSX, "xl/vbaProject.bin", b"MZ"), "macros"),
    "entities": (
        _with_member(XLSX, "xl/workbook.xml", "<workbook ", "<!DOCTYPE a [<!ENTITY b 'c'>]><workbook "),
        "abîmé",
    ),
    "an open quote": (b'Nom;Mot\r\nBenali;"jamais clos\r\n' + b"Diallo;un\r\n" * 20, "Ligne 2"),
    "a cell of a million signs": (b"Nom;Mot\r\nDiallo;un\r\nBenali;" + b"a" * 1_000_000 + b"\r\n", "Ligne 3"),
    "two hundred columns": (b"Nom\r\n" + b";".join([b"a"] * 200), "Ligne 2"),
    "too many rows": (b"Nom;Mot\r\n" + b"a;b\r\n" * 20_002, "20 000 lignes"),
    "too heavy": (b"a" * (10 * 1024 * 1024 + 1), "10 Mo"),
}


@pytest.mark.parametrize("nom", REFUSES)
def test_what_is_no_table_is_refused_with_what_to_do(nom: str) -> None:
    content, said = REFUSES[nom]
    with pytest.raises(Refus, match=said) as refused:
        read_table(content)
    assert refused.value.status == 422


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = _with_file(XLSX, "xl/media/image1.xml", b"\0" * (2 * 1024 * 1024))
    assert len(bomb) < 20_000
    assert read_table(bomb).rows, "a picture does no harm"
    monkeypatch.setattr(tables_xlsx, "MAX_UNPACKED", 1024 * 1024)
    with pytest.raises(Refus, match="trop gros"):
        read_table(bomb)


def test_a_stray_cell_far_below_costs_nothing() -> None:
    book = Workbook()
    book.active.append(["Nom"])
    book.active["XFD1048576"] = "perdue"
    table = read_table(enregistre(book))
    assert [row.cells[0] for row in table.rows] == ["Nom"]


def test_without_the_check_of_its_content_a_web_page_passes_for_a_table() -> None:
    """The control of the sniffing: CSV takes anything that is text."""
    assert read_csv(b"<html><table><tr><td>Nom</td></tr></table></html>").rows


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
        st.tuples(st.integers(0, len(XLSX) - 1), st.binary(min_size=1, max_size=30)).map(
            lambda spoilt: XLSX[: spoilt[0]] + spoilt[1] + XLSX[spoilt[0] + len(spoilt[1]) :]
        ),
    )
)
def test_no_file_brings_anything_but_a_table_or_a_sentence(content: bytes) -> None:
    with suppress(Refus):
        assert read_table(content).kind

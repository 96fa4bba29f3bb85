"""CSV files: spreadsheets open them, and nothing in them runs."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.spreadsheet import csv_file, harmless


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_it_is_what_a_french_spreadsheet_opens() -> None:
    content = csv_file(["Nom", "Prix"], [("Épinards; bio", Decimal("1.80")), ("Œufs", Decimal("-5.00")), (None, 12)])
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in content
    assert read(content) == [["Nom", "Prix"], ["Épinards; bio", "1,80"], ["Œufs", "-5,00"], ["", "12"]]
    assert read(csv_file(["Jour"], [(date(2026, 11, 26),)]))[1] == ["26/11/2026"]


@pytest.mark.parametrize("number", ["-5,00", "+33", "-5.00", "12", "0,5"])
def test_numbers_stay_numbers(number: str) -> None:
    assert harmless(number) == number


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+SUM(A1)", "-2+3", "@x", "\t=1", "\r=1", " =1", "=cmd|' /C calc'!A0", "＝1", "-5,00 €=", "%0A", "|x"],
)
def test_formulas_become_texts(text: str) -> None:
    assert harmless(text).startswith("'")


@given(st.text(), st.text())
def test_any_text_stays_in_its_cell_and_cannot_start_a_formula(first: str, second: str) -> None:
    row = read(csv_file(["a", "b"], [(first, second)]))[1:]
    assert len(row) == 1
    assert len(row[0]) == 2
    for cell in row[0]:
        assert not cell.startswith(("=", "@", "\t", "\r", "＝")) or cell == ""
        assert not cell.startswith(("+", "-")) or cell.lstrip("+-").replace(",", "").replace(".", "").isdigit()

"""Sheets of invented households, as a centre would keep them, in every shape that people save them in."""

import csv
import io
import random
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook

TITRES = (
    "Nom de famille", "Prénom", "Tél", "Mail", "MDH", "Langue", "QF", "Mois du QF", "Vérifié le", "Nb paniers", "Début",
    "Fin", "Mode de règlement",
)  # fmt: skip
_CONSONNES, _VOYELLES = "bdfgklmnprstvz", "aeiou"
_PRENOMS = (
    "Samira", "Mamadou", "Zoé", "Paul", "Inès", "Ali", "Louise", "Noé", "Fatou", "Hélène", "Yann", "Aïcha", "Marc",
)  # fmt: skip

Ligne = list[Any]


def ligne(number: int, maison: str = "Capuche", **changes: Any) -> Ligne:
    """One household unlike any other; `changes` by the key of a column (`CLES`)."""
    drawn = random.Random(number)
    name = "".join(drawn.choice(_CONSONNES) + drawn.choice(_VOYELLES) for _ in range(5)).title()
    first = _PRENOMS[number % len(_PRENOMS)]
    values: dict[str, Any] = {
        "nom": name,
        "prenom": first,
        "telephone": f"06{number:08d}",
        "email": f"foyer{number}@exemple.test" if number % 3 else "",
        "maison": maison,
        "langue": "français",
        "qf": str(300 + number % 900),
        "mois_qf": "09/2026",
        "verifie_le": "15/09/2026" if number % 2 else "",
        "nombre": "1" if number % 10 else "2",
        "debut": "03/09/2026",
        "fin": "25/02/2027",
        "reglement": "à la maison",
    }
    return list((values | changes).values())


CLES = (
    "nom", "prenom", "telephone", "email", "maison", "langue", "qf", "mois_qf", "verifie_le", "nombre", "debut", "fin",
    "reglement",
)  # fmt: skip


def feuille(combien: int, maisons: Sequence[str] = ("Capuche", "Abbaye")) -> list[Ligne]:
    """Titles, then as many households, spread over the maisons."""
    return [list(TITRES), *(ligne(n, maisons[n % len(maisons)]) for n in range(1, combien + 1))]


def en_csv(rows: Sequence[Sequence[Any]], separateur: str = ";", codage: str = "utf-8-sig") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separateur, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(codage)


def en_xlsx(rows: Sequence[Sequence[Any]], titre: str = "Foyers") -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = titre
    for row in rows:
        sheet.append(list(row))
    return enregistre(book)


def enregistre(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def datees(rows: Sequence[Ligne]) -> list[Ligne]:
    """The same sheet with real dates and numbers in its cells, as Excel keeps them: noughts of telephones are lost."""
    return [list(rows[0]), *([_natif(key, cell) for key, cell in zip(CLES, row, strict=True)] for row in rows[1:])]


def _natif(cle: str, cell: Any) -> Any:
    if not isinstance(cell, str) or not cell:
        return cell
    if cle in ("debut", "fin", "verifie_le"):
        return datetime.strptime(cell, "%d/%m/%Y")  # noqa: DTZ007 - a day on paper has no zone
    if cle == "mois_qf":
        return date(int(cell[3:]), int(cell[:2]), 1)
    return int(cell) if cle in ("qf", "nombre", "telephone") else cell

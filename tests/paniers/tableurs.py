"""Spreadsheets of households, tried and taken over in a town of two maisons."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

import pytest
from flask import Flask

from kernel import clock
from kernel.clock import paris
from kernel.db import transaction
from kernel.table_files import read_table
from paniers.importation.rapport import Rapport
from paniers.importation.reprise import Demande, essayer, importer
from tests import fabriques
from tests.paniers.feuilles import Ligne, en_csv, feuille
from tests.paniers.monde_equipe import JEUDI

VENDREDI = paris(date(2026, 11, 20), time(12))


NORMAL, LONG = 200, 2_000


@pytest.fixture
def maisons(app: Flask) -> Iterator[dict[str, int]]:
    """Two maisons with room, six open weeks, a Friday noon."""
    clock.set_now(VENDREDI)
    with transaction() as session:
        fabriques.calendrier(session)
        fabriques.grille(session)
        for number in range(6):
            fabriques.semaine(session, JEUDI + timedelta(weeks=number))
        made = {name: fabriques.maison(session, nom=name, places=5_000).id for name in ("Capuche", "Abbaye")}
        fabriques.maison(session, nom="Baladins", active=False)
    with app.app_context():
        yield made


def faire(
    rows: list[Ligne] | bytes, *, ecrire: bool = True, decisions: dict[int, str] | None = None, **options: Any
) -> Rapport:
    content = rows if isinstance(rows, bytes) else en_csv(rows)
    with transaction() as session:
        demande = Demande(read_table(content), clock.now(), decisions=decisions or {}, **options)
        return (importer if ecrire else essayer)(session, demande)


def lot(combien: int, *extra: Ligne) -> list[Ligne]:
    return [*feuille(combien), *extra]

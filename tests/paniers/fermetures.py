"""Closings on databases of their own, and all that one leaves behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kernel.db import get_engine, transaction
from tests.bases import TEMPLATE
from tests.conftest import Engines, environment_of, forget_settings
from tests.paniers.bourg import JEUDI, Bourg
from tests.paniers.histoires import (
    bilan_de,
    jamais_ecrit,
    planter,
)

SEMAINES = [JEUDI, date(2026, 10, 29), date(2027, 4, 1), date(2026, 12, 31)]


UNE_SEMAINE = 7 * 24 * 60


@pytest.fixture
def bourg(base: str) -> Bourg:
    with transaction() as session:
        return planter(session, JEUDI).bourg


@pytest.fixture(scope="module")
def fonds(engines: Engines) -> Iterator[str]:
    """One database for all tests that keep nothing of what they write; yields its address."""
    name = engines.databases.lend()
    yield engines.database(name)
    engines.databases.give_back(name)


@pytest.fixture
def vide(fonds: str, engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty database, as long as everything happens in `sans_suite`."""
    for variable, value in (environment_of(engines, TEMPLATE, tmp_path) | {"DATABASE_URL": fonds}).items():
        monkeypatch.setenv(variable, value)
    forget_settings()
    yield
    forget_settings()


@contextmanager
def sans_suite() -> Iterator[Session]:
    """A session of which nothing is kept."""
    with Session(get_engine()) as session:
        try:
            yield session
        finally:
            jamais_ecrit(session)


def contenu(bourg: Bourg) -> dict[str, Any]:
    with transaction() as session:
        return bilan_de(session, bourg.semaine)

"""What scenarios share: a workshop of real processes for each test, and the nursery that they all come from."""

from collections.abc import Iterator

import pytest

from tests.conftest import Engines
from tests.scenarios.ouvriers import Atelier, Pepiniere, atelier_ouvert


@pytest.fixture(scope="session")
def pepiniere(engines: Engines) -> Iterator[Pepiniere]:
    nursery = Pepiniere()
    yield nursery
    nursery.fermer()


@pytest.fixture
def atelier(base: str, pepiniere: Pepiniere, monkeypatch: pytest.MonkeyPatch) -> Iterator[Atelier]:
    with atelier_ouvert(pepiniere, monkeypatch) as ouvert:
        yield ouvert

"""A bench's ground on the tests' own engines: one empty database, whatever name a row gives it."""

from pathlib import Path

import pytest

from bench.ground import Ground
from tests.conftest import Engines


@pytest.fixture
def under(engines: Engines, base: str, tmp_path: Path) -> Ground:
    return Ground(tmp_path, engines.redis_url, lambda _name: base)

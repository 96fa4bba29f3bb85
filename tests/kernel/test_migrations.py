"""Migrations: up from nothing, down to nothing, up again; and the models say nothing that they do not."""

from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from tests.conftest import ROOT, Engines, environment_of, forget_settings

OBJECTS = """
    SELECT 'table ' || relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE nspname = 'public' AND relkind IN ('r', 'S', 'v') AND relname <> 'alembic_version'
    UNION ALL SELECT 'function ' || proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
     WHERE nspname = 'public'
    UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
"""


@pytest.fixture
def vide(engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database that this process's settings name; yields its address."""
    name = f"vide_{tmp_path.name.replace('-', '_')}"
    with psycopg.connect(engines.postgres_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    for variable, value in environment_of(engines, name, tmp_path).items():
        monkeypatch.setenv(variable, value)
    forget_settings()
    return engines.database(name)


def alembic() -> Config:
    return Config(str(ROOT / "migrations" / "alembic.ini"))


def objects(address: str) -> set[str]:
    with psycopg.connect(address) as connection:
        return {row[0] for row in connection.execute(OBJECTS)}


def test_up_down_and_up_again_leave_nothing_behind(vide: str) -> None:
    command.upgrade(alembic(), "head")
    built = objects(vide)
    assert {"table panier", "trigger panier_stays_frozen", "function mouvements_balance"} <= built
    command.downgrade(alembic(), "base")
    assert objects(vide) == set()
    command.upgrade(alembic(), "head")
    assert objects(vide) == built
    command.check(alembic())
    forget_settings()


def test_a_difference_between_models_and_migrations_is_found(vide: str) -> None:
    """The negative control of the check above."""
    command.upgrade(alembic(), "head")
    with psycopg.connect(vide) as connection:
        connection.execute("ALTER TABLE panier DROP COLUMN tranche")
    with pytest.raises(Exception, match="tranche"):
        command.check(alembic())
    forget_settings()


def test_migrations_are_one_line() -> None:
    scripts = ScriptDirectory.from_config(alembic())
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1

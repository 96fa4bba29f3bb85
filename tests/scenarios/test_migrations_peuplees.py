"""Row 33: migrations on a town that lives in its tables, and pages that go on meanwhile."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql

from demo.installer import installer
from kernel import clock
from tests.conftest import ROOT, forget_settings
from tests.demo.test_ville import MOMENTS
from tests.kernel.test_migrations import alembic, vide

__all__ = ["vide"]

SCRIPTS = ScriptDirectory.from_config(alembic())
CHAIN = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
"""From the first migration to the last."""


@dataclass(frozen=True, slots=True)
class Colonne:
    genre: str
    facultative: bool
    """Whether an INSERT that does not know the column is taken."""
    vide_permis: bool


Schema = Mapping[tuple[str, str], Colonne]
"""(table, column) → what it is."""

COLONNES = """
    SELECT table_name, column_name, udt_name, is_nullable = 'YES',
           column_default IS NOT NULL OR is_identity = 'YES' OR is_generated = 'ALWAYS'
      FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
"""


def schema(address: str) -> Schema:
    with psycopg.connect(address) as connection:
        rows = connection.execute(COLONNES).fetchall()
    return {(table, column): Colonne(kind, empty or default, empty) for table, column, kind, empty, default in rows}


def lignes(address: str) -> dict[str, int]:
    """How many rows each table holds."""
    with psycopg.connect(address) as connection:
        names = [name for name, _ in {(table, "") for table, _ in schema(address)}]
        count = sql.SQL("SELECT count(*) FROM {}")
        return {name: connection.execute(count.format(sql.Identifier(name))).fetchall()[0][0] for name in names}


def communes(one: Mapping[str, int], other: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """The two counts, of the tables that stand in both."""
    both = one.keys() & other.keys()
    return {name: one[name] for name in both}, {name: other[name] for name in both}


def ruptures(avant: Schema, apres: Schema) -> list[str]:
    """What code that was written for `avant` would trip over in `apres`."""
    tables = {table for table, _ in avant}
    gone = [f"{table}.{column} is gone" for table, column in avant.keys() - apres.keys()]
    changed = [
        f"{table}.{column} is another kind, or may be empty no more"
        for (table, column), was in avant.items()
        if (now := apres.get((table, column))) is not None
        and (now.genre != was.genre or was.vide_permis > now.vide_permis or was.facultative > now.facultative)
    ]
    wanted = [
        f"{table}.{column} is wanted of code that does not know it"
        for (table, column), now in apres.items()
        if table in tables and (table, column) not in avant and not now.facultative
    ]
    return sorted([*gone, *changed, *wanted])


@pytest.fixture
def peuplee(vide: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A small town at the last migration, in a database of its own; its address."""
    monkeypatch.setenv("STRIPE_API_BASE", "https://stripe.example")
    command.upgrade(alembic(), "head")
    forget_settings()
    clock.set_now(MOMENTS["thursday during the pick-up"])
    installer(foyers=12, graine=3, jour=None)
    yield vide
    clock.set_now(None)
    forget_settings()


def test_a_town_goes_down_and_up_again_step_by_step_and_keeps_its_rows(peuplee: str) -> None:
    seen = {CHAIN[-1]: lignes(peuplee)}
    assert seen[CHAIN[-1]]["panier"] > 100
    for upper, lower in pairwise(reversed(CHAIN)):
        command.downgrade(alembic(), lower)
        seen[lower] = lignes(peuplee)
        before, after = communes(seen[upper], seen[lower])
        assert after == before, f"down from {upper} to {lower}"
    # What a step back has dropped is gone: on the way up, a step keeps what it finds.
    found = seen[CHAIN[0]]
    for lower, upper in pairwise(CHAIN):
        command.upgrade(alembic(), upper)
        now = lignes(peuplee)
        before, after = communes(found, now)
        assert after == before, f"up from {lower} to {upper}"
        found = now
    command.check(alembic())


def test_migrations_only_add_so_that_the_code_before_goes_on_serving(vide: str) -> None:
    found = []
    command.upgrade(alembic(), CHAIN[0])
    known = schema(vide)
    for revision in CHAIN[1:]:
        command.upgrade(alembic(), revision)
        now = schema(vide)
        if not getattr(SCRIPTS.get_revision(revision).module, "CONTRACTS", ""):
            found += [f"{revision}: {break_}" for break_ in ruptures(known, now)]
        known = now
    forget_settings()
    assert found == [], "add in one release and remove in the next; or say CONTRACTS = 'why' in the migration"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("ALTER TABLE maison DROP COLUMN adresse", "maison.adresse is gone"),
        ("DROP TABLE lecture_qf", "lecture_qf.id is gone"),
        ("ALTER TABLE foyer ALTER email SET NOT NULL", "foyer.email is another kind, or may be empty no more"),
        ("ALTER TABLE maison ADD essai int NOT NULL", "maison.essai is wanted of code that does not know it"),
        ("ALTER TABLE panier ALTER cout TYPE bigint", "panier.cout is another kind, or may be empty no more"),
        ("ALTER TABLE maison ADD essai int NOT NULL DEFAULT 0", None),
        ("ALTER TABLE maison ADD essai int", None),
        ("CREATE TABLE essai (n int NOT NULL)", None),
    ],
)
def test_control_what_old_code_would_trip_over_is_found(base: str, change: str, found: str | None) -> None:
    before = schema(base)
    with psycopg.connect(base) as connection:
        connection.execute(change.encode())
    breaks = ruptures(before, schema(base))
    assert found in breaks if found else breaks == []


# While others read


@pytest.fixture
def de_plus(tmp_path: Path) -> Config:
    """The migrations and one more, which wants a whole table for itself."""
    folder = tmp_path / "migrations"
    shutil.copytree(ROOT / "migrations", folder)
    (folder / "versions" / "9999_essai.py").write_text(
        "from alembic import op\n"
        f"revision = '9999'\ndown_revision = '{CHAIN[-1]}'\nbranch_labels = depends_on = None\n"
        "def upgrade() -> None:\n    op.execute('ALTER TABLE foyer ADD essai int')\n"
    )
    return Config(str(folder / "alembic.ini"))


def migrer(config: Config, *options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "alembic", "-c", str(config.config_file_name), *options, "upgrade", "head"]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)


def plus_longue_attente(address: str, until: threading.Event) -> float:
    """Read as a page does, again and again; the longest that one reading took."""
    longest = 0.0
    with psycopg.connect(address, autocommit=True) as connection:
        while not until.is_set():
            began = time.monotonic()
            connection.execute("SELECT count(*) FROM foyer")
            longest = max(longest, time.monotonic() - began)
            time.sleep(0.02)
    return longest


def attendue(address: str) -> bool:
    """Whether somebody waits for the whole table."""
    waits = "SELECT 1 FROM pg_locks WHERE relation = 'foyer'::regclass AND mode = 'AccessExclusiveLock' AND NOT granted"
    with psycopg.connect(address) as connection:
        return connection.execute(waits).fetchone() is not None


def page_pendant(address: str, config: Config, *options: str, seconds: float) -> float:
    """A report reads the table for `seconds` after a migration has begun to want it: how long a page waits, at most."""
    done = threading.Event()
    waited: list[float] = []
    page = threading.Thread(target=lambda: waited.append(plus_longue_attente(address, done)))
    with psycopg.connect(address) as report:
        report.execute("SELECT count(*) FROM foyer")
        migration = migrer(config, *options)
        deadline = time.monotonic() + 60
        while not attendue(address):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        page.start()
        time.sleep(seconds)
    assert migration.wait(60) == 0, "once the report is over, the migration goes through"
    done.set()
    page.join()
    assert ("foyer", "essai") in schema(address)
    return waited[0]


def test_pages_do_not_queue_behind_a_migration_that_waits(base: str, de_plus: Config) -> None:
    assert page_pendant(base, de_plus, seconds=5.0) < 3.0


def test_control_a_migration_without_its_second_of_patience_holds_every_page_up(base: str, de_plus: Config) -> None:
    assert page_pendant(base, de_plus, "-x", "lock_wait=30s", seconds=5.0) > 4.0


def test_two_migrations_started_at_once_wait_for_each_other(base: str, de_plus: Config) -> None:
    both = [migrer(de_plus) for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    assert ("foyer", "essai") in schema(base)

"""Row 33: migrations on a town that lives in its tables, and pages that go on meanwhile."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import text

from demo.installer import installer
from kernel import clock
from kernel.db import transaction
from tests import fabriques
from tests.conftest import ROOT, forget_settings
from tests.demo.test_ville import MOMENTS
from tests.kernel.test_migrations import alembic, vide
from tests.scenarios.ancien_code import CLES, ecritures, refus

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


CE_QUI_REDEVIENT = {
    "0710": ("compte.role",),  # before there is a régie, its accounts are the administration's
    "0790": ("reglement.mode", "echeance.mode"),  # before there is SEPA, who pays by it pays at the maison
}
"""Migration → the columns that its downgrade writes anew, since what they say did not exist before."""

Contenu = Mapping[tuple[str, str], str]
"""(table, column) → a digest of what it holds, row by row; of the column "" how many rows there are."""


def contenu(address: str) -> Contenu:
    """What the town's tables hold, to the last sign."""
    held: dict[tuple[str, str], str] = {}
    with psycopg.connect(address) as connection:
        keys = groupees(connection.execute(CLES).fetchall())
        for table, columns in groupees(schema(address)).items():
            parts: list[sql.Composable] = [sql.SQL("count(*)::text")]
            parts += [
                sql.SQL("md5(string_agg(coalesce({column}::text, '-'), '|' ORDER BY {keys}))").format(
                    column=sql.Identifier(column), keys=sql.SQL(", ").join(map(sql.Identifier, keys[table]))
                )
                for column in columns
            ]
            query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(parts), sql.Identifier(table))
            (row,) = connection.execute(query).fetchall()
            held |= {(table, column): found for column, found in zip(("", *columns), row, strict=True)}
    return held


def groupees(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Table → its columns."""
    found: dict[str, list[str]] = {}
    for table, column in pairs:
        found.setdefault(table, []).append(column)
    return found


def ecarts(one: Contenu, other: Contenu) -> list[str]:
    """The columns that stand in both and do not hold the same."""
    both = one.keys() & other.keys()
    return sorted(f"{table}.{column or '*'}" for table, column in both if one[table, column] != other[table, column])


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


def test_a_town_goes_down_and_up_again_step_by_step_and_keeps_what_it_holds(peuplee: str) -> None:
    whole = found = contenu(peuplee)
    assert int(found["panier", ""]) > 100
    for upper, lower in pairwise(reversed(CHAIN)):
        command.downgrade(alembic(), lower)
        now = contenu(peuplee)
        changed = [column for column in ecarts(found, now) if column not in CE_QUI_REDEVIENT.get(upper, ())]
        assert changed == [], f"down from {upper} to {lower}"
        found = now
    # What a step back has dropped is gone: on the way up, a step keeps what it finds.
    kept = found
    for lower, upper in pairwise(CHAIN):
        command.upgrade(alembic(), upper)
        now = contenu(peuplee)
        assert ecarts(found, now) == [], f"up from {lower} to {upper}"
        found = now
    assert found.keys() == whole.keys()
    lost = {f"{table}.{column or '*'}" for table, column in kept} & set(ecarts(found, whole))
    assert lost <= {column for columns in CE_QUI_REDEVIENT.values() for column in columns}, (
        "what the first schema held is in the last as it was"
    )
    command.check(alembic())


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ("UPDATE foyer SET nom = nom || '.' WHERE id = 2", ["foyer.nom"]),
        ("UPDATE foyer SET telephone = '+33600000001' WHERE id = 1", ["foyer.telephone"]),
        ("UPDATE maison m SET nom = o.nom FROM maison o WHERE m.id + o.id = 3", ["maison.nom"]),
        ("UPDATE foyer SET nom = nom", []),
    ],
)
def test_control_a_step_that_changes_a_sign_is_seen(base: str, change: str, seen: list[str]) -> None:
    with transaction() as session:
        for _ in range(3):
            fabriques.foyer(session, maison_id=fabriques.maison(session).id)
        session.execute(text("ALTER TABLE maison DROP CONSTRAINT IF EXISTS uq_maison_nom"))
    before = contenu(base)
    with transaction() as session:
        session.execute(text(change))
    assert ecarts(before, contenu(base)) == seen


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


# The statements of the release before

PREMIERE = 1
"""Place in the chain of the first schema that served anybody: tables, then their guards, which refuse more."""


def refusees(address: str, lower: str, upper: str) -> list[str]:
    """What code of `lower` writes there, and is refused once `upper` stands."""
    tried = ecritures(address)
    before = refus(address, tried)
    known = [one for one in tried if one not in before]
    assert len({one.table for one in known}) > 20, f"{lower} has a town to live in it"
    command.upgrade(alembic(), upper)
    if getattr(SCRIPTS.get_revision(upper).module, "CONTRACTS", ""):
        return []
    return [f"{upper}: {one}: {why}" for one, why in refus(address, known).items()]


@pytest.mark.parametrize("steps", [2, pytest.param(len(CHAIN) - 1 - PREMIERE, marks=pytest.mark.long)])
def test_what_the_code_before_writes_is_taken_by_the_schema_after(peuplee: str, steps: int) -> None:
    last = CHAIN[-1 - steps :]
    command.downgrade(alembic(), last[0])
    found = [refused for lower, upper in pairwise(last) for refused in refusees(peuplee, lower, upper)]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE maison ADD CONSTRAINT essai CHECK (places < 0) NOT VALID",
        "ALTER TABLE maison ADD essai int NOT NULL DEFAULT 0; ALTER TABLE maison ALTER essai DROP DEFAULT",
        "ALTER TABLE maison ADD essai int; ALTER TABLE maison ADD CHECK (essai IS NOT NULL) NOT VALID",
        "CREATE RULE essai AS ON INSERT TO maison DO INSTEAD SELECT 1/0",
    ],
)
def test_control_a_stricter_schema_refuses_what_the_code_before_writes(base: str, change: str) -> None:
    with transaction() as session:
        fabriques.maison(session)
    known = ecritures(base)
    assert {one.genre for one in known if one.table == "maison"} == {"insert", "update"}
    assert refus(base, known) == {}
    with psycopg.connect(base) as connection:
        connection.execute(change.encode())
    assert "insert" in {one.genre for one in refus(base, known)}


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

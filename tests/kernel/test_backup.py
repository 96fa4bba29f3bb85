"""A backup holds everything and is restored whole or not at all, whatever stands in its way."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from click.testing import CliRunner, Result

from kernel import backup
from kernel.backup import BackupRefused, create, restore
from kernel.commands import backup as commands
from kernel.db import transaction
from tests import fabriques
from tests.conftest import Engines, environment_of, forget_settings
from tests.kernel.test_migrations import alembic

NewDatabase = Callable[[str], str]


@pytest.fixture
def new_database(engines: Engines) -> Iterator[NewDatabase]:
    """Makes empty databases; their addresses."""
    made: list[str] = []

    def make(name: str) -> str:
        made.append(f"{name}_{os.getpid()}")
        with psycopg.connect(engines.postgres_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {made[-1]}".encode())
        return engines.database(made[-1])

    yield make
    with psycopg.connect(engines.postgres_url, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def town(base: str) -> str:
    """A migrated database with a maison, a document and what the database guards; its address."""
    with transaction() as session:
        fabriques.maison(session, nom="Éé")
    with psycopg.connect(base) as connection:
        connection.execute(
            "INSERT INTO document (key, filename, media_type, content)"
            " SELECT 'essai:' || n, 'x.pdf', 'application/pdf', sha256(n::text::bytea) FROM generate_series(1, 500) n"
        )
    forget_settings()
    return base


def ask(address: str, query: str) -> object:
    with psycopg.connect(address) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


CONTENT = "SELECT md5(string_agg(key || encode(content, 'hex'), ',' ORDER BY key)) FROM document"
GUARDS = "SELECT string_agg(tgname, ',' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal"
NEXT_KEY = "SELECT nextval('maison_id_seq')"


def test_what_is_restored_is_what_was_backed_up_guards_and_counters_included(
    town: str, new_database: NewDatabase, tmp_path: Path
) -> None:
    empty = new_database("vierge")
    made = create(town, tmp_path / "b.dump")
    assert restore(empty, tmp_path / "b.dump", force=False) == made
    for query in (CONTENT, GUARDS, "SELECT nom FROM maison", "SELECT version_num FROM alembic_version", NEXT_KEY):
        assert ask(empty, query) == ask(town, query), query
    assert made.tables == ask(town, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")


def test_only_its_owner_can_read_a_backup_and_nothing_is_left_beside_it(town: str, tmp_path: Path) -> None:
    create(town, tmp_path / "b.dump")
    assert stat.S_IMODE((tmp_path / "b.dump").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".b", "b"))] == ["b.dump"]


def test_a_backup_that_fails_leaves_the_last_good_one(
    town: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(town, tmp_path / "b.dump")
    before = (tmp_path / "b.dump").read_bytes()
    broken = tmp_path / "bin" / "pg_dump"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\n[ $1 = --version ] && { echo pg_dump 99; exit; }\necho 'disk full' >&2; exit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}:{os.environ['PATH']}")
    with pytest.raises(BackupRefused, match="disk full"):
        create(town, tmp_path / "b.dump")
    assert (tmp_path / "b.dump").read_bytes() == before


def test_a_database_that_is_not_empty_is_kept_unless_forced(
    town: str, new_database: NewDatabase, tmp_path: Path
) -> None:
    create(town, tmp_path / "b.dump")
    other = new_database("occupee")
    restore(other, tmp_path / "b.dump", force=False)
    with psycopg.connect(other) as connection:
        connection.execute("UPDATE maison SET nom = 'Autre'")
        connection.execute("CREATE TABLE of_a_later_version (n int)")
    with pytest.raises(BackupRefused, match="not empty"):
        restore(other, tmp_path / "b.dump", force=False)
    assert ask(other, "SELECT nom FROM maison") == "Autre"
    restore(other, tmp_path / "b.dump", force=True)
    assert ask(other, "SELECT nom FROM maison") == "Éé"
    assert ask(other, "SELECT count(*) FROM pg_class WHERE relname = 'of_a_later_version'") == 0


def test_migrated_tables_without_rows_count_as_empty(
    town: str, new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(town, tmp_path / "b.dump")
    fresh = new_database("migree")
    monkeypatch.setenv("DATABASE_URL", fresh)
    forget_settings()
    command.upgrade(alembic(), "head")
    forget_settings()
    restore(fresh, tmp_path / "b.dump", force=False)
    assert ask(fresh, "SELECT nom FROM maison") == "Éé"


def damaged(file: Path, how: str) -> Path:
    content = file.read_bytes()
    wrong = file.with_name(f"{how}.dump")
    middle = len(content) * 2 // 3
    wrong.write_bytes(
        {
            "cut off": content[:-2000],
            "nothing": b"",
            "another thing": b"%PDF-1.7" * 40,
            "a page of disk lost": content[:middle] + bytes(4096) + content[middle + 4096 :],
        }[how]
    )
    return wrong


@pytest.mark.parametrize("how", ["cut off", "nothing", "another thing", "a page of disk lost"])
def test_a_damaged_file_is_refused_before_anything_is_touched(
    how: str, town: str, new_database: NewDatabase, tmp_path: Path
) -> None:
    other = new_database("abimee")
    create(town, tmp_path / "b.dump")
    restore(other, tmp_path / "b.dump", force=False)
    with pytest.raises(BackupRefused):
        restore(other, damaged(tmp_path / "b.dump", how), force=True)
    assert ask(other, CONTENT) == ask(town, CONTENT)


def test_control_without_the_reading_through_a_damaged_file_is_still_taken_back_whole(
    town: str, new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second net: what was put aside comes back when the restore itself fails."""
    other = new_database("filet")
    made = create(town, tmp_path / "b.dump")
    restore(other, tmp_path / "b.dump", force=False)
    monkeypatch.setattr(backup, "read", lambda _address, _file: made)
    with pytest.raises(BackupRefused, match="pg_restore failed"):
        restore(other, damaged(tmp_path / "b.dump", "a page of disk lost"), force=True)
    assert ask(other, CONTENT) == ask(town, CONTENT)
    assert ask(other, GUARDS) == ask(town, GUARDS)


@pytest.mark.parametrize("moment", ["before it was filled", "after it was filled"])
def test_a_restore_that_was_killed_is_ended_by_the_next(
    moment: str, town: str, new_database: NewDatabase, tmp_path: Path
) -> None:
    other = new_database("tuee")
    create(town, tmp_path / "b.dump")
    restore(other, tmp_path / "b.dump", force=False)
    with psycopg.connect(other, autocommit=True) as connection:
        connection.execute(backup.PUT_ASIDE)
        if moment == "after it was filled":
            connection.execute("CREATE TABLE filled AS SELECT 1 AS n")
        connection.execute(backup._settle(connection))
        assert connection.execute("SELECT to_regnamespace('before_restore')").fetchone() == (None,)
    stands = ask(other, "SELECT to_regclass('filled') IS NULL")
    assert stands is (moment == "before it was filled")


def test_a_database_in_use_is_left_alone(town: str, new_database: NewDatabase, tmp_path: Path) -> None:
    create(town, tmp_path / "b.dump")
    other = new_database("servie")
    with psycopg.connect(other), pytest.raises(BackupRefused, match="1 other connections"):
        restore(other, tmp_path / "b.dump", force=True)
    restore(other, tmp_path / "b.dump", force=True)


def test_a_backup_of_a_later_version_is_refused(town: str, new_database: NewDatabase, tmp_path: Path) -> None:
    later = new_database("future")
    create(town, tmp_path / "b.dump")
    restore(later, tmp_path / "b.dump", force=False)
    with psycopg.connect(later) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    create(later, tmp_path / "later.dump")
    with pytest.raises(BackupRefused, match="9999, which this version does not know"):
        restore(new_database("present"), tmp_path / "later.dump", force=False)


def test_the_keys_are_not_in_the_file(town: str, engines: Engines, tmp_path: Path) -> None:
    create(town, tmp_path / "b.dump")
    content = (tmp_path / "b.dump").read_bytes()
    settings = environment_of(engines, "x", tmp_path)
    for name in ("QR_KEYS", "DATA_KEYS", "SECRET_KEY"):
        assert settings[name].encode() not in content
        assert settings[name].partition(":")[2].encode() not in content or name == "SECRET_KEY"


def test_the_password_of_the_database_is_on_no_command_line() -> None:
    assert "s3cret" not in " ".join(backup._where("postgresql://paniers:s3cret@db:5432/paniers"))
    assert backup._run(["sh", "-c", "echo $PGPASSWORD"], "postgresql://paniers:s3cret@db/paniers") == "s3cret\n"


def test_programs_older_than_the_server_are_passed_over(
    town: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho pg_dump '(PostgreSQL) 15.4'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert backup._programs(town) != tmp_path
    monkeypatch.setattr(backup, "find_spec", lambda _name: None)
    monkeypatch.setattr(backup, "_folders", lambda: iter([tmp_path]))
    with pytest.raises(BackupRefused, match="postgresql-client-18"):
        backup._programs(town)


# The commands


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, arguments)


def test_the_operator_is_told_what_was_done_and_what_is_not_in_the_file(town: str, tmp_path: Path) -> None:
    file = str(tmp_path / "b.dump")
    made = run("create", file)
    assert made.exit_code == 0
    assert "read through" in made.output
    assert "DATA_KEYS and SECRET_KEY are NOT in this file" in made.output
    assert "is whole" in run("check", file).output
    refused = run("restore", file)
    assert refused.exit_code == 1
    assert "not empty" in refused.output
    done = run("restore", file, "--force")
    assert done.exit_code == 0, done.output
    assert "upgrade head" in done.output


def test_a_missing_file_and_a_database_away_are_told_in_one_line(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "There is no file" in run("restore", str(tmp_path / "nothing")).output
    assert "cannot be written" in run("create", str(tmp_path / "no" / "folder")).output
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    away = run("create", str(tmp_path / "b.dump"))
    assert (away.exit_code, away.output.startswith("Error: The database does not answer")) == (1, True)


def test_without_an_address_the_embedded_database_is_backed_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    told: list[str] = []

    class Server:
        url = "postgresql://embedded"

        def __init__(self, folder: Path) -> None:
            told.append(str(folder))

        def stop(self) -> None:
            told.append("stopped")

    monkeypatch.setattr(backup, "start_postgres", Server)
    with backup.database_address() as address:
        assert address == "postgresql://embedded"
    assert told == [str(tmp_path / "var"), "stopped"]

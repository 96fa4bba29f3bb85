"""`flask backup create|check|restore`: one file that holds everything, and the way back.

A plain group: these commands need no web application, and of the settings only DATABASE_URL.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import psycopg

from kernel import backup as backups
from kernel.embedded import EngineFailure

KEYS = (
    "QR_KEYS, DATA_KEYS and SECRET_KEY are NOT in this file: keep them elsewhere. "
    "Without DATA_KEYS the quotients in it stay sealed for ever."
)

the_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group("backup", help="Back the database up to one file, and restore it.")
def backup() -> None:
    """A plain group."""


@backup.command("create")
@the_file
def create(file: Path) -> None:
    """Write a consistent backup to FILE while everything goes on working, and read it through."""
    with _database() as address:
        made = backups.create(address, file)
    size = file.stat().st_size / 1_000_000
    click.echo(f"{file}: {made.tables} tables at migration {made.revision}, {size:.1f} MB, read through.")
    click.echo(KEYS)


@backup.command("check")
@the_file
def check(file: Path) -> None:
    """Read the backup FILE from its first byte to its last; change nothing."""
    with _database() as address:
        found = backups.read(address, file)
    click.echo(f"{file} is whole: {found.tables} tables at migration {found.revision}.")


@backup.command("restore")
@the_file
@click.option("--force", is_flag=True, help="Replace all that the database holds.")
def restore(file: Path, *, force: bool) -> None:
    """Put the backup FILE into an empty database, whole or not at all; everything else must be stopped."""
    with _database() as address:
        found = backups.restore(address, file, force=force)
    click.echo(f"Restored: {found.tables} tables at migration {found.revision}.")
    click.echo("Now: alembic -c migrations/alembic.ini upgrade head, then flask verifier, then start everything.")


@contextmanager
def _database() -> Iterator[str]:
    try:
        with backups.database_address() as address:
            yield address
    except backups.BackupRefused as refused:
        raise click.ClickException(str(refused)) from None
    except (psycopg.OperationalError, EngineFailure) as away:
        raise click.ClickException(f"The database does not answer: {str(away).strip()}") from None

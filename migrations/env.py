"""Alembic's entry: the models' metadata against the database that the settings name, while others go on using it."""

import time
from importlib import import_module

from alembic import context
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from kernel.db import Base, get_engine

for tables in (
    "kernel.outbox",
    "kernel.documents",
    "kernel.mail",
    "foyers.models",
    "foyers.models_messages",
    "paiements.models.en_ligne",
    "paiements.models.regie",
    "paiements.rapprochement.models",
    "paniers.models.semaines",
    "paniers.models.distributions",
    "paniers.models.attente",
    "paniers.models.contrats",
    "paniers.models.importation",
    "paniers.models.reglages",
    "paniers.models.producteurs",
    "paniers.models.retrait",
    "culture.models.sorties",
    "culture.models.pass_culture",
    "culture.models.inscriptions",
    "culture.models.soiree",
    "culture.models.factures",
):
    import_module(tables)

ALONE = 5_206_141
LOCK_WAIT = "1s"
PAUSE_SECONDS = 2.0
TRIES = 60


def migrate(connection: Connection, lock_wait: str) -> None:
    """Each migration in a transaction of its own, so that no lock is held longer than its own work takes."""
    connection.execute(text(f"SET lock_timeout = '{lock_wait}'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def patiently(connection: Connection, lock_wait: str) -> None:
    """Give way when a lock is not to be had: whoever waits for one makes all pages of that table queue behind."""
    for rest in reversed(range(TRIES)):
        try:
            return migrate(connection, lock_wait)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable) or not rest:
                raise
            connection.rollback()
            time.sleep(PAUSE_SECONDS)
    return None


def wait_alone(connection: Connection) -> None:
    """One migration at a time. Asked again and again: a statement that waited would block indexes made CONCURRENTLY."""
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": ALONE}):
        connection.rollback()
        time.sleep(0.3)
    connection.commit()


with get_engine().connect() as connection:
    wait_alone(connection)
    try:
        patiently(connection, context.get_x_argument(as_dictionary=True).get("lock_wait", LOCK_WAIT))
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ALONE})
        connection.execute(text("RESET lock_timeout"))
        connection.commit()

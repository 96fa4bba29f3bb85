"""The database: one engine, one declarative base, three ways to open a session.

Only entry points (a view, an actor, a command) open one; use cases receive it and never commit.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache, partial
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Dialect, Engine, Identity, MetaData, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

from kernel.settings import get_settings

Key = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]

BUSY_SECONDS = 1.0
"""A connection used so recently is not asked whether it still lives: that would be a trip for each transaction."""
_LAID_DOWN = "laid_down"


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSONB}


@lru_cache(maxsize=1)
def get_engine() -> Engine:
    """This process's engine. A connection that died while it lay idle is noticed when it is taken, and replaced."""
    settings = get_settings()
    engine = create_engine(
        settings.database_url,
        pool_size=settings.db_pool_size,
        max_overflow=5,
        pool_timeout=10,
        hide_parameters=True,  # errors are logged, and parameters are personal data
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC -c lock_timeout=20s"},
    )
    event.listen(engine, "checkin", _laid_down)
    event.listen(engine, "checkout", partial(_still_lives, engine.dialect))
    return engine


def _laid_down(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info[_LAID_DOWN] = time.monotonic()


def _still_lives(dialect: Dialect, connection: DBAPIConnection, record: ConnectionPoolEntry, _fairy: object) -> None:
    """Ask a connection that nobody has used for a while; a busy one has just answered."""
    since = record.info.get(_LAID_DOWN)
    if since is None or time.monotonic() - since < BUSY_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error  # the pool opens another, and trusts none that is as old


@contextmanager
def transaction() -> Iterator[Session]:
    """One unit of work: committed at the end, rolled back whole if anything raises."""
    with Session(get_engine(), expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """One consistent view of the database for a page or a document; the database refuses any write."""
    with Session(get_engine(), expire_on_commit=False) as session, session.begin():
        # Said with BEGIN itself, which spares a statement on every page.
        session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
        yield session


@contextmanager
def one_statement() -> Iterator[Session]:
    """For a use case of one statement: it is a transaction by itself, which spares the trips of BEGIN and COMMIT."""
    with Session(_each_by_itself(get_engine()), expire_on_commit=False) as session:
        yield session


@lru_cache(maxsize=1)
def _each_by_itself(engine: Engine) -> Engine:
    """The same connections, each statement a transaction."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")

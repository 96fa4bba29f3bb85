"""The three ways to ask the database, and connections that died while they lay idle."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.orm import Session

from kernel import db
from kernel.db import get_engine, one_statement, reading, transaction

WRITE = "INSERT INTO document (key, filename, media_type, content) VALUES ('a', 'a.pdf', 'application/pdf', '')"


def process(session: Session) -> int:
    return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


def empty_then_fail(session: Session) -> None:
    session.execute(text("DELETE FROM document"))
    raise ZeroDivisionError


def documents() -> int:
    with reading() as session:
        return int(session.execute(text("SELECT count(*) FROM document")).scalar_one())


@pytest.fixture
def coupee(base: str) -> int:
    """The pool's one connection is dead, and nobody has noticed."""
    engine = get_engine()
    with engine.connect() as other, engine.connect() as mine:
        cut = int(mine.execute(text("SELECT pg_backend_pid()")).scalar_one())
        mine.close()  # laid down
        other.execute(text("SELECT pg_terminate_backend(:cut)"), {"cut": cut})
        other.detach()  # it does not come back to the pool
    return cut


def test_a_connection_that_died_idle_is_replaced_unseen(coupee: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.0)
    with reading() as session:
        assert process(session) != coupee


def test_control_one_that_was_busy_a_moment_ago_is_not_asked(coupee: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "BUSY_SECONDS", 60.0)
    with pytest.raises(OperationalError), reading() as session:
        process(session)
    with reading() as session:
        assert process(session) != coupee, "the next one heals itself"


def test_a_statement_by_itself_is_committed_and_leaves_the_connection_as_it_was(base: str) -> None:
    with one_statement() as session:
        session.execute(text(WRITE))
    assert documents() == 1
    with pytest.raises(ZeroDivisionError), transaction() as session:
        empty_then_fail(session)
    assert documents() == 1, "what follows on the same connection is a transaction again"


def test_a_reading_session_writes_nothing(base: str) -> None:
    with pytest.raises(InternalError, match="read-only"), reading() as session:
        session.execute(text(WRITE))
    assert documents() == 0

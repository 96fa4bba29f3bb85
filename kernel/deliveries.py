"""The life of a delivery, each step one statement in the caller's transaction.

`attempts` fences: it grows at each `take`, and only the holder of the latest attempt may finish it, so a worker that
was thought dead and wakes up late changes nothing. Time here is PostgreSQL's own, the same for all machines.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, bindparam, case, func, select, text, update
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from kernel.outbox import CHANNEL, Delivery, Fact, FactRow, State

# How long a doorbell may ring in Redis, or a worker hold a delivery, before the relay sends it again. Remote calls
# end well within it (STRIPE_TIMEOUT, SMTP 8 s), and a killed worker's deliveries are back within 15 s.
LEASE_SECONDS = 12
# After the n-th failure, wait this long; after the last, park. About 20 minutes in all.
BACKOFF_SECONDS = (1, 5, 20, 60, 300, 900)

Route = tuple[str, str]
"""(actor, queue)"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery in a worker's hands."""

    id: int
    attempt: int
    fact: Fact


def _in(seconds: float | ColumnElement[float]) -> ColumnElement[object]:
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds).cast(INTERVAL)


def expand(session: Session, circuit: Mapping[str, Sequence[Route]], limit: int = 500) -> int:
    """Turn new facts into deliveries; returns how many facts. Rows locked by another relay are passed over."""
    new = (
        select(FactRow.id, FactRow.name)
        .where(FactRow.expanded_at.is_(None))
        .order_by(FactRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    facts = session.execute(new).all()
    rows = [
        {"fact_id": fact.id, "actor": actor, "queue": queue}
        for fact in facts
        for actor, queue in circuit.get(fact.name, ())
    ]
    if rows:
        session.execute(pg_insert(Delivery).on_conflict_do_nothing(), rows)
    if facts:
        ids = [fact.id for fact in facts]
        session.execute(update(FactRow).where(FactRow.id.in_(ids)).values(expanded_at=func.clock_timestamp()))
    return len(facts)


def send(session: Session, queue: str, room: int) -> Sequence[Row[tuple[int, str]]]:
    """Mark up to `room` deliveries of a queue as sent and return their (id, actor).

    Due ones and those whose lease has ended alike. At most `room` are in flight at once, so a flood waits in
    PostgreSQL, not in Redis, and a doorbell is answered before its lease ends.
    """
    in_flight = (
        select(func.count())
        .where(Delivery.queue == queue, Delivery.state.in_((State.SENT, State.TAKEN)))
        .where(Delivery.wake_at > func.clock_timestamp())
    )
    free = room - session.execute(in_flight).scalar_one()
    if free <= 0:
        return []
    awake = (
        select(Delivery.id)
        .where(Delivery.queue == queue, Delivery.state.in_((State.DUE, State.SENT, State.TAKEN)))
        .where(Delivery.wake_at <= func.clock_timestamp())
        .order_by(Delivery.wake_at)
        .limit(free)
        .with_for_update(skip_locked=True)
    )
    mark = update(Delivery).where(Delivery.id.in_(awake.scalar_subquery()))
    return session.execute(
        mark.values(state=State.SENT, wake_at=_in(LEASE_SECONDS)).returning(Delivery.id, Delivery.actor)
    ).all()


def unsend(session: Session, ids: Iterable[int]) -> None:
    """Redis did not answer: these fall due again in a second."""
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(list(ids)), Delivery.state == State.SENT)
        .values(state=State.DUE, wake_at=_in(1))
    )


def take(session: Session, delivery_id: int, lease_seconds: float = LEASE_SECONDS) -> Taken | None:
    """Take a delivery that was sent, or whose last holder's lease has ended. None: somebody has it, or it is done.

    Losing this row in a crash of PostgreSQL is harmless (the lease just ends), so its commit does not wait for disk.
    """
    session.execute(text("SET LOCAL synchronous_commit = off"))
    free = (Delivery.state == State.SENT) | (
        (Delivery.state == State.TAKEN) & (Delivery.wake_at <= func.clock_timestamp())
    )
    row = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, free)
        .values(
            state=State.TAKEN,
            attempts=Delivery.attempts + 1,
            wake_at=_in(lease_seconds),
            started_at=func.coalesce(Delivery.started_at, func.clock_timestamp()),
        )
        .returning(Delivery.attempts, Delivery.fact_id)
    ).one_or_none()
    if row is None:
        return None
    fact = session.execute(select(FactRow.name, FactRow.payload).where(FactRow.id == row.fact_id)).one()
    return Taken(delivery_id, row.attempts, Fact.decode(fact.name, fact.payload))


def finish(session: Session, taken: Taken) -> bool:
    """Mark as done, in the transaction of its effects. False: the lease went to another worker; roll back."""
    done = session.execute(
        update(Delivery)
        .where(Delivery.id == taken.id, Delivery.attempts == taken.attempt, Delivery.state == State.TAKEN)
        .values(state=State.DONE, done_at=func.clock_timestamp(), error=None)
        .returning(Delivery.id)
    ).one_or_none()
    return done is not None


def fail(session: Session, taken: Taken, error: str) -> None:
    """Put off after a failure, longer each time; park after the last one."""
    waits = case(
        {number: float(wait) for number, wait in enumerate(BACKOFF_SECONDS, start=1)},
        value=Delivery.attempts,
        else_=0.0,
    )
    session.execute(
        update(Delivery)
        .where(Delivery.id == taken.id, Delivery.attempts == taken.attempt, Delivery.state == State.TAKEN)
        .values(
            state=case((Delivery.attempts > len(BACKOFF_SECONDS), State.PARKED), else_=State.DUE),
            wake_at=_in(waits),
            error=error[:2000],
        )
    )


def park_exhausted(session: Session) -> list[int]:
    """Park deliveries whose worker died at every attempt (out of memory, say): they never reach `fail`."""
    return list(
        session.execute(
            update(Delivery)
            .where(Delivery.state.in_((State.TAKEN, State.SENT)), Delivery.wake_at <= func.clock_timestamp())
            .where(Delivery.attempts > len(BACKOFF_SECONDS))
            .values(state=State.PARKED, error="the worker died at each attempt")
            .returning(Delivery.id)
        ).scalars()
    )


def retry(session: Session, delivery_id: int) -> bool:
    """Give a parked delivery a fresh set of attempts. False: it is not parked."""
    again = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == State.PARKED)
        .values(state=State.DUE, attempts=0, wake_at=func.clock_timestamp())
        .returning(Delivery.id)
    ).one_or_none()
    session.execute(text("SELECT pg_notify(:channel, '')").bindparams(bindparam("channel", CHANNEL)))
    return again is not None


def waiting(session: Session, queue: str) -> bool:
    """Whether deliveries of the queue are due that no room was left for."""
    awake = (
        select(Delivery.id)
        .where(Delivery.queue == queue, Delivery.state.in_((State.DUE, State.SENT, State.TAKEN)))
        .where(Delivery.wake_at <= func.clock_timestamp())
        .limit(1)
    )
    return session.execute(awake).first() is not None

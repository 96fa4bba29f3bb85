"""The life of a delivery, each step in the caller's transaction.

Its attempt fences: every `take` begins a new one (`attempts` grows, `started_at` is its instant), and only the holder
of the latest attempt may renew, finish or fail it, so a worker that was thought dead and wakes up late changes
nothing. Time here is PostgreSQL's own, the same for all machines.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Row, bindparam, case, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement, TextClause

from kernel.outbox import CHANNEL, IN_FLIGHT, OPEN, Delivery, Fact, FactRow, State

# How long a doorbell may ring in Redis, or a worker be silent about a delivery it holds, before the relay sends it
# again: a killed worker's deliveries are back within 15 s, the relay's poll included.
LEASE_SECONDS = 10.0
# After the n-th failure, wait this long; after the last, park. About 20 minutes in all.
BACKOFF_SECONDS: Sequence[float] = (1, 5, 20, 60, 300, 900)

DUE = text("outbox_delivery.state = 'due'")

Route = tuple[str, str]
"""(actor, queue)"""
Routes = Mapping[str, Sequence[Route]]
"""A fact's name → where it is delivered; nowhere, for a fact that only tells."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery in a worker's hands. `fact` is decoded by the work itself, so that one nobody can read is parked."""

    id: int
    attempt: int
    since: datetime
    name: str
    payload: dict[str, Any]

    @property
    def fact(self) -> Fact:
        return Fact.decode(self.name, self.payload)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a queue stands: what is in flight (sent, or in a worker's hands), and whether anything waits to be sent."""

    in_flight: int
    awake: bool


def news(session: Session) -> set[str]:
    """The names of facts not yet expanded."""
    return set(session.scalars(select(FactRow.name).where(FactRow.expanded_at.is_(None)).distinct()))


def expand(session: Session, routes: Routes, limit: int = 500) -> int:
    """Turn new facts into deliveries; returns how many facts. Rows locked by another relay are passed over.

    Facts that the routes do not name are left: a newer relay knows them, and `flask verifier` tells of them meanwhile.
    """
    new = (
        select(FactRow.id, FactRow.name)
        .where(FactRow.expanded_at.is_(None), FactRow.name.in_(list(routes)))
        .order_by(FactRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    facts = session.execute(new).all()
    rows = [
        {"fact_id": fact.id, "actor": actor, "queue": queue} for fact in facts for actor, queue in routes[fact.name]
    ]
    if rows:
        session.execute(pg_insert(Delivery).on_conflict_do_nothing(), rows)
    if facts:
        seen = FactRow.id == func.any(_ids(fact.id for fact in facts))
        session.execute(update(FactRow).where(seen).values(expanded_at=func.clock_timestamp()))
    return len(facts)


def standings(session: Session, queues: Mapping[str, Collection[str]]) -> dict[str, Standing]:
    """How each queue stands, as far as these actors go: {queue: its actors}."""
    now = func.statement_timestamp()
    found = {}
    for queue, actors in queues.items():
        mine = Delivery.queue == queue
        in_flight = select(func.count()).select_from(Delivery).where(mine, IN_FLIGHT, Delivery.wake_at > now)
        # The eldest, and not EXISTS: PostgreSQL would read the whole table for the first one that comes.
        ended, due = (
            select(Delivery.id).where(*_awake(queue, state, actors)).order_by(Delivery.wake_at).limit(1)
            for state in (IN_FLIGHT, DUE)
        )
        eldest = func.coalesce(ended.scalar_subquery(), due.scalar_subquery())
        row = session.execute(select(in_flight.scalar_subquery(), eldest)).one()
        found[queue] = Standing(row[0], awake=row[1] is not None)
    return found


def send(session: Session, queue: str, actors: Collection[str], most: int) -> Sequence[Row[tuple[int, str]]]:
    """Mark up to `most` deliveries of a queue as sent and return their (id, actor).

    Ended leases go first, then what is due: what a dead worker held does not wait behind a flood. Deliveries to other
    actors than these are left: a newer relay knows them.
    """
    picked: list[Any] = []
    for state in (IN_FLIGHT, DUE):
        if most > len(picked):
            awake = (
                select(Delivery.id, Delivery.actor)
                .where(*_awake(queue, state, actors))
                .order_by(Delivery.wake_at)
                .limit(most - len(picked))
                .with_for_update(skip_locked=True)
            )
            picked += session.execute(awake).all()
    if picked:
        session.execute(
            update(Delivery)
            .where(Delivery.id == func.any(_ids(row.id for row in picked)))
            .values(state=State.SENT, wake_at=_in(LEASE_SECONDS))
        )
    return picked


def unsend(session: Session, ids: Iterable[int]) -> None:
    """Redis did not answer: these fall due again in a second."""
    session.execute(
        update(Delivery)
        .where(Delivery.id == func.any(_ids(ids)), Delivery.state == State.SENT)
        .values(state=State.DUE, wake_at=_in(1))
    )


def take(session: Session, delivery_id: int) -> Taken | None:
    """Take a delivery that was sent, or whose last holder's lease has ended. None: somebody has it, or it is done.

    One statement. Losing its row in a crash of PostgreSQL is harmless (the lease just ends): its commit does not wait
    for the disk.
    """
    given = {"taken": delivery_id, "tries": _tries(), "lease": LEASE_SECONDS}
    row = session.execute(_TAKE, given).one_or_none()
    if row is None:
        return None
    return Taken(delivery_id, row.attempts, row.started_at, row.name, row.payload)


# A worker takes and finishes thousands: written out, for building these takes longer than running them.

_TAKE = text(
    """
    UPDATE outbox_delivery d
       SET state = 'taken', attempts = attempts + 1, started_at = clock_timestamp(),
           wake_at = clock_timestamp() + make_interval(secs => :lease)
      FROM outbox_fact f
     WHERE d.id = :taken AND f.id = d.fact_id AND d.attempts < :tries
       AND (d.state = 'sent' OR (d.state = 'taken' AND d.wake_at <= statement_timestamp()))
    RETURNING d.attempts, d.started_at, f.name, f.payload, set_config('synchronous_commit', 'off', true)
    """
)
_FINISH = text(
    """
    UPDATE outbox_delivery SET state = 'done', done_at = clock_timestamp(), error = NULL
     WHERE id = :held_id AND state = 'taken' AND attempts = :held_attempt AND started_at = :held_since
    RETURNING id
    """
)


def renew(session: Session, held: Iterable[Taken]) -> None:
    """Their worker lives: each lease starts anew, of those that nobody else has taken since."""
    session.execute(text("SET LOCAL synchronous_commit = off"))
    for taken in sorted(held, key=lambda one: one.id):
        session.execute(update(Delivery).where(*_held()).values(wake_at=_in(LEASE_SECONDS)), _holder(taken))


def finish(session: Session, taken: Taken) -> bool:
    """Mark as done, in the transaction of its effects. False: the lease went to another worker; roll back."""
    done = session.execute(_FINISH, _holder(taken)).one_or_none()
    return done is not None


def fail(session: Session, taken: Taken, error: str) -> None:
    """Put off after a failure, longer each time; park after the last one."""
    last = taken.attempt >= _tries()
    session.execute(
        update(Delivery)
        .where(*_held())
        .values(
            state=State.PARKED if last else State.DUE,
            wake_at=_in(0 if last else BACKOFF_SECONDS[taken.attempt - 1]),
            error=error.replace("\0", "")[:2000],
        ),
        _holder(taken),
    )


def park_exhausted(session: Session) -> Sequence[int]:
    """Park deliveries whose worker died at the last attempt too (out of memory, say): they never reach `fail`."""
    exhausted = (
        select(Delivery.id)
        .where(OPEN, Delivery.attempts >= _tries(), Delivery.wake_at <= func.statement_timestamp())
        .with_for_update(skip_locked=True)
    )
    ids = session.scalars(exhausted).all()
    died = case((Delivery.state == State.TAKEN, "the worker died at each attempt"), else_=Delivery.error)
    if ids:
        session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(state=State.PARKED, error=died))
    return ids


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


def _awake(queue: str, state: TextClause, actors: Collection[str]) -> tuple[ColumnElement[bool] | TextClause, ...]:
    awake = Delivery.wake_at <= func.statement_timestamp()
    return Delivery.queue == queue, state, awake, Delivery.attempts < _tries(), Delivery.actor.in_(list(actors))


def _held() -> tuple[ColumnElement[bool], ...]:
    """The delivery is still in the hands of the holder that `_holder` names."""
    same = (Delivery.attempts == bindparam("held_attempt")) & (Delivery.started_at == bindparam("held_since"))
    return Delivery.id == bindparam("held_id"), Delivery.state == State.TAKEN, same


def _holder(taken: Taken) -> dict[str, object]:
    return {"held_id": taken.id, "held_attempt": taken.attempt, "held_since": taken.since}


def _tries() -> int:
    return len(BACKOFF_SECONDS) + 1


def _in(seconds: float | BindParameter[float]) -> ColumnElement[object]:
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds).cast(INTERVAL)


def _ids(ids: Iterable[int]) -> ColumnElement[Any]:
    return literal(list(ids), ARRAY(BigInteger))

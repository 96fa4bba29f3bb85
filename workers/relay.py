"""The relay: turns facts into deliveries and rings Redis for those that are due. Any number may run at once.

LISTEN wakes it at the commit of a fact; a slow poll stands behind, for due dates, ended leases and lost bells. It
outlives restarts of PostgreSQL and of Redis: what it could not ring for falls due again.
"""

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
import structlog
from psycopg import conninfo
from redis.exceptions import RedisError
from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError

from kernel import deliveries
from kernel.db import get_engine, transaction
from kernel.deliveries import Routes
from kernel.outbox import CHANNEL
from kernel.settings import get_settings
from workers.broker import ring, unanswered
from workers.runtime import ROOM, broker

log = structlog.get_logger()

AFTER_A_FAULT_SECONDS = 1.0
# A queue is full and more waits behind it: workers are given this long to make room.
FULL_SECONDS = 0.05
# Facts of one queue expanded at once: few enough that what is urgent never waits long behind a batch.
BATCH = 100
# In a flood one bell tells of several deliveries: a message costs its worker more than a delivery does. What waits is
# first shared out among this many bells, which are more than there are threads; a long one would hold its tail back.
SHARES = 16
LONGEST_BELL = 8

Listener = psycopg.Connection[tuple[object, ...]]
Sent = Row[tuple[int, str]]
"""(id, actor) of a delivery marked as sent."""


@dataclass(frozen=True, slots=True)
class Line:
    """A queue as the relay serves it: the facts whose most urgent delivery goes there, and the actors behind it."""

    queue: str
    room: int
    routes: Routes
    actors: frozenset[str]


def lines(routes: Routes) -> list[Line]:
    """The queues, the most urgent first (the order of ROOM). Raises ValueError when a route leads to no queue."""
    urgency = list(ROOM)
    unknown = {queue for to in routes.values() for _, queue in to} - set(urgency)
    if unknown:
        raise ValueError(f"no such queue: {', '.join(sorted(unknown))}")
    first = {fact: min((urgency.index(queue) for _, queue in to), default=-1) for fact, to in routes.items()}
    return [
        Line(
            queue,
            room,
            {fact: to for fact, to in routes.items() if urgency[first[fact]] == queue},
            frozenset(actor for to in routes.values() for actor, where in to if where == queue),
        )
        for queue, room in ROOM.items()
    ]


def relay(stop: threading.Event, routes: Routes) -> None:
    """Deliver facts along `routes` until `stop` is set."""
    served = lines(routes)
    while not stop.is_set():
        try:
            with _listen() as listener:
                _watch(listener, stop, served)
        except (psycopg.Error, SQLAlchemyError) as error:
            log.warning("database_away", kind=type(error).__name__)
            stop.wait(AFTER_A_FAULT_SECONDS)


def _watch(listener: Listener, stop: threading.Event, served: Sequence[Line]) -> None:
    poll = get_settings().relay_poll_seconds
    while not stop.is_set():
        try:
            pause = min(poll, turn(served))
        except RedisError as error:
            log.warning("redis_away", kind=type(error).__name__)
            stop.wait(AFTER_A_FAULT_SECONDS)
            pause = 0.0
        _pause(listener, pause, stop)


def _pause(listener: Listener, seconds: float, stop: threading.Event) -> None:
    """Wait for a fact, at most `seconds`; facts of the same moment are left to one turn together."""
    until = time.monotonic() + seconds
    rung = False
    while not rung and not stop.is_set() and (left := until - time.monotonic()) > 0:
        # A signal does not interrupt this wait, so that it is cut into pieces.
        rung = bool(list(listener.notifies(timeout=min(0.5, left), stop_after=1)))
    list(listener.notifies(timeout=0))


def turn(served: Sequence[Line]) -> float:
    """One round: expand facts, send what waits, the most urgent queue first: a flood does not hold money back.

    Returns how many seconds the next round may wait. Raises RedisError; what was not rung for is due again.
    """
    with transaction() as session:
        deliveries.park_exhausted(session)
        news = deliveries.news(session)
        expanded = [deliveries.expand(session, line.routes, BATCH) for line in served if news & line.routes.keys()]
        standings = deliveries.standings(session, {line.queue: line.actors for line in served})
    full = [_send(line, standings[line.queue].in_flight) for line in served if standings[line.queue].awake]
    if BATCH in expanded:
        return 0.0
    return FULL_SECONDS if any(full) else math.inf


def _send(line: Line, in_flight: int) -> bool:
    """Ring for what waits in one queue. True when it is full: more may wait behind.

    At most `room` are in flight, so that a flood waits in PostgreSQL. Bells that nobody has answered take room as well:
    while no worker runs, Redis does not fill up with them.
    """
    most = line.room - max(in_flight, unanswered(broker, line.queue))
    if most <= 0:
        return True
    with transaction() as session:
        sent = deliveries.send(session, line.queue, line.actors, most)
    rung = bells(sent)
    for position, (actor, told) in enumerate(rung):
        try:
            ring(broker, line.queue, actor, told)
        except RedisError:
            with transaction() as session:
                deliveries.unsend(session, [late for _, ids in rung[position:] for late in ids])
            raise
    return len(sent) == most


def bells(sent: Sequence[Sent]) -> list[tuple[str, list[int]]]:
    """(actor, the deliveries that one bell tells it of), in the order in which the first of each falls due."""
    size = min(LONGEST_BELL, math.ceil(len(sent) / SHARES))
    made: list[tuple[str, list[int]]] = []
    open_: dict[str, list[int]] = {}
    for delivery in sent:
        told = open_.get(delivery.actor)
        if told is None or len(told) == size:
            told = open_[delivery.actor] = []
            made.append((delivery.actor, told))
        told.append(delivery.id)
    return made


def _listen() -> Listener:
    address = get_engine().url.set(drivername="postgresql").render_as_string(hide_password=False)
    # A line that was cut without a word is noticed within a minute; the poll works meanwhile.
    address = conninfo.make_conninfo(address, keepalives_idle=30, keepalives_interval=10, keepalives_count=3)
    listener = psycopg.connect(address, autocommit=True, connect_timeout=5)
    listener.execute(f"LISTEN {CHANNEL}")
    return listener

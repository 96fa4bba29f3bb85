"""The relay: turns facts into deliveries and rings Redis for those that are due. Any number may run at once.

LISTEN wakes it at the commit of a fact; a slow poll stands behind, for due dates, ended leases and lost bells. It
outlives restarts of PostgreSQL and of Redis: what it could not ring for falls due again.
"""

import threading
import time

import psycopg
import structlog
from dramatiq.errors import BrokerError
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from kernel import deliveries
from kernel.db import get_engine, transaction
from kernel.outbox import CHANNEL
from kernel.settings import get_settings
from workers.circuit import DOORBELLS, ROUTES
from workers.runtime import ROOM, broker

log = structlog.get_logger()

AFTER_A_FAULT_SECONDS = 1.0
CAPPED_SECONDS = 0.02
BATCH = 500


def relay(stop: threading.Event) -> None:
    """Run until `stop` is set."""
    while not stop.is_set():
        try:
            with psycopg.connect(_listen_address(), autocommit=True, connect_timeout=5) as listener:
                listener.execute(f"LISTEN {CHANNEL}")
                _watch(listener, stop)
        except (psycopg.Error, DBAPIError) as error:
            log.warning("database_away", kind=type(error).__name__)
            stop.wait(AFTER_A_FAULT_SECONDS)


def _watch(listener: "psycopg.Connection[tuple[object, ...]]", stop: threading.Event) -> None:
    poll = get_settings().relay_poll_seconds
    while not stop.is_set():
        busy = turn()
        wait = CAPPED_SECONDS if busy else poll
        for _ in listener.notifies(timeout=wait, stop_after=1):
            pass


def turn() -> bool:
    """One round: expand facts, send what is due. True when there may be more to do at once."""
    with transaction() as session:
        expanded = deliveries.expand(session, ROUTES, BATCH)
    busy = expanded == BATCH
    for queue, room in ROOM.items():
        busy |= _send(queue, room)
    return busy


def _send(queue: str, room: int) -> bool:
    """Ring for the due deliveries of one queue. True when the queue was filled: there may be more behind."""
    with transaction() as session:
        deliveries.park_exhausted(session)
        sent = deliveries.send(session, queue, room)
        waiting = deliveries.waiting(session, queue) if sent else False
    for position, delivery in enumerate(sent):
        try:
            broker.enqueue(DOORBELLS[delivery.actor].message(delivery.id))
        except (RedisError, BrokerError) as error:
            log.warning("redis_away", kind=type(error).__name__)
            with transaction() as session:
                deliveries.unsend(session, [late.id for late in sent[position:]])
            time.sleep(AFTER_A_FAULT_SECONDS)
            return False
    return waiting


def _listen_address() -> str:
    return get_engine().url.set(drivername="postgresql").render_as_string(hide_password=False)

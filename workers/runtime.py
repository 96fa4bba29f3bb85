"""How an actor is run: takes its delivery, does its work, finishes it; or fails, waits longer each time, is parked.

Two kinds. A *local* actor changes our database only: its effects and the end of its delivery are one transaction. A
*remote* one calls somebody (Stripe, SMTP) and opens its own transactions around the call: intent and key before,
outcome after, so running twice is harmless; only then is its delivery finished.

A delivery's lease is short and renewed as long as its worker lives (`Heart`): long work is left in peace, and a killed
worker's is done again elsewhere within seconds.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import dramatiq
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from kernel import deliveries
from kernel.db import one_statement, transaction
from kernel.deliveries import Taken
from kernel.outbox import Fact
from workers.broker import make_broker

log = structlog.get_logger()

ARGENT = "argent"
COURRIEL = "courriel"
DOCUMENTS = "documents"

# How many deliveries of a queue are in Redis at once: enough to keep every thread busy, few enough that each is
# answered within its lease.
ROOM = {ARGENT: 128, COURRIEL: 64, DOCUMENTS: 16}
# How long a delivery may be worked on; then its lease is no longer renewed, and another worker tries.
LONGEST_SECONDS = 60.0
BEATS_A_LEASE = 4.0

F = TypeVar("F", bound=Fact)

broker = make_broker()


@dataclass(frozen=True, slots=True)
class Actor:
    """A name in the circuit, a queue, and the Dramatiq actor that the relay rings."""

    name: str
    queue: str
    doorbell: "dramatiq.Actor[..., None]"


class LeaseLost(Exception):
    """Another worker holds this delivery now: whatever this one did is rolled back."""


class Heart:
    """Renews the leases of what this process works on, from a thread of its own that starts with the first work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[int, int], tuple[Taken, float]] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def holding(self, taken: Taken, longest: float) -> Iterator[None]:
        """Renew its lease while the block lasts, up to `longest` seconds."""
        key = (taken.id, taken.attempt)
        with self._lock:
            self._held[key] = (taken, time.monotonic() + longest)
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, name="heart", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                del self._held[key]

    def _beat(self) -> None:
        while True:
            time.sleep(deliveries.LEASE_SECONDS / BEATS_A_LEASE)
            with self._lock:
                held = [taken for taken, until in self._held.values() if time.monotonic() < until]
            try:
                if held:
                    with transaction() as session:
                        deliveries.renew(session, held)
            except SQLAlchemyError as error:
                log.warning("lease_not_renewed", kind=type(error).__name__)


heart = Heart()


def local(queue: str, *, lease: float = LONGEST_SECONDS) -> Callable[[Callable[[Session, F], None]], Actor]:
    """`f(session, fact)`, in the transaction that also finishes the delivery."""

    def wrap(effect: Callable[[Session, F], None]) -> Actor:
        def work(taken: Taken) -> None:
            with transaction() as session:
                effect(session, taken.fact)  # type: ignore[arg-type]
                if not deliveries.finish(session, taken):
                    raise LeaseLost

        return _actor(effect.__name__, queue, work, lease)

    return wrap


def remote(queue: str, *, lease: float = LONGEST_SECONDS) -> Callable[[Callable[[F], None]], Actor]:
    """`f(fact)`, which opens its own transactions around a remote call and is harmless when run twice."""

    def wrap(effect: Callable[[F], None]) -> Actor:
        def work(taken: Taken) -> None:
            effect(taken.fact)  # type: ignore[arg-type]
            with transaction() as session:
                if not deliveries.finish(session, taken):
                    raise LeaseLost

        return _actor(effect.__name__, queue, work, lease)

    return wrap


def _actor(name: str, queue: str, work: Callable[[Taken], None], lease: float) -> Actor:
    def ring(*delivery_ids: int) -> None:
        for delivery_id in delivery_ids:
            run(delivery_id, work, lease)

    return Actor(name, queue, dramatiq.actor(actor_name=name, queue_name=queue, broker=broker)(ring))


def run(delivery_id: int, work: Callable[[Taken], None], lease: float) -> None:
    """Run `work` on the delivery if it is free; its failure is written down, never raised to Dramatiq.

    A database that is away does raise: Dramatiq logs it and forgets the bell, and the relay rings again.
    """
    with one_statement() as session:
        taken = deliveries.take(session, delivery_id)
    if taken is None:
        return
    try:
        with heart.holding(taken, lease):
            work(taken)
    except LeaseLost:
        log.warning("lease_lost", delivery=delivery_id)
    except Exception as error:
        log.warning("delivery_failed", delivery=delivery_id, attempt=taken.attempt, exc_info=True)
        with transaction() as session:
            deliveries.fail(session, taken, f"{type(error).__name__}: {error}")

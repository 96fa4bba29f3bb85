"""How an actor is run: takes its delivery, does its work, finishes it; or fails, waits longer each time, is parked.

Two kinds. A *local* actor changes our database only: its effects and the end of its delivery are one transaction. A
*remote* one calls somebody (Stripe, SMTP) and opens its own transactions around the call: intent and key before,
outcome after, so running twice is harmless; only then is its delivery finished.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import dramatiq
import structlog
from sqlalchemy.orm import Session

from kernel import deliveries
from kernel.db import transaction
from kernel.deliveries import LEASE_SECONDS, Taken
from kernel.outbox import Fact
from workers.broker import make_broker

log = structlog.get_logger()

ARGENT = "argent"
COURRIEL = "courriel"
DOCUMENTS = "documents"

# How many deliveries of a queue are in Redis at once: enough to keep every thread busy, few enough that each is
# answered within its lease.
ROOM = {ARGENT: 128, COURRIEL: 64, DOCUMENTS: 16}

F = TypeVar("F", bound=Fact)

broker = make_broker()


@dataclass(frozen=True, slots=True)
class Actor:
    """A name in the circuit, a queue, and the Dramatiq actor that the relay rings."""

    name: str
    queue: str
    doorbell: "dramatiq.Actor[[int], None]"


class LeaseLost(Exception):
    """Another worker holds this delivery now: whatever this one did is rolled back."""


def local(queue: str, *, lease: float = LEASE_SECONDS) -> Callable[[Callable[[Session, F], None]], Actor]:
    """`f(session, fact)`, in the transaction that also finishes the delivery."""

    def wrap(effect: Callable[[Session, F], None]) -> Actor:
        def work(taken: Taken) -> None:
            with transaction() as session:
                effect(session, taken.fact)  # type: ignore[arg-type]
                if not deliveries.finish(session, taken):
                    raise LeaseLost

        return _actor(effect.__name__, queue, work, lease)

    return wrap


def remote(queue: str, *, lease: float = LEASE_SECONDS) -> Callable[[Callable[[F], None]], Actor]:
    """`f(fact)`, which opens its own transactions around a remote call and is harmless when run twice."""

    def wrap(effect: Callable[[F], None]) -> Actor:
        def work(taken: Taken) -> None:
            effect(taken.fact)  # type: ignore[arg-type]
            with transaction() as session:
                deliveries.finish(session, taken)

        return _actor(effect.__name__, queue, work, lease)

    return wrap


def _actor(name: str, queue: str, work: Callable[[Taken], None], lease: float) -> Actor:
    def ring(delivery_id: int) -> None:
        run(delivery_id, work, lease)

    doorbell: Any = dramatiq.actor(ring, actor_name=name, queue_name=queue, broker=broker)
    return Actor(name, queue, doorbell)


def run(delivery_id: int, work: Callable[[Taken], None], lease: float) -> None:
    """Run `work` on the delivery if it is free; a failure is written down, never raised to Dramatiq."""
    with transaction() as session:
        taken = deliveries.take(session, delivery_id, lease)
    if taken is None:
        return
    try:
        work(taken)
    except LeaseLost:
        log.warning("lease_lost", delivery=delivery_id)
    except Exception as error:
        log.warning("delivery_failed", delivery=delivery_id, attempt=taken.attempt, exc_info=True)
        with transaction() as session:
            deliveries.fail(session, taken, f"{type(error).__name__}: {error}")

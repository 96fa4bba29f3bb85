"""Facts, and the deliveries that carry each of them to the actors that care.

A use case publishes a fact in its own transaction: state and fact are committed together or not at all. The relay
later turns each fact into deliveries (one per fact and actor) and rings Redis. PostgreSQL is the truth, Redis a
doorbell. A trigger on `outbox_fact` sends NOTIFY at commit, so the relay wakes at once (migration 0002).
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar, Self

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, Instant, Key

CHANNEL = "outbox"

# Written as their partial indexes are, for PostgreSQL to see that they may serve, whatever the plan.
IN_FLIGHT = text("outbox_delivery.state IN ('sent', 'taken')")
OPEN = text("outbox_delivery.state IN ('due', 'sent', 'taken')")


@dataclass(frozen=True)
class Fact:
    """Something that has happened. Subclasses are frozen dataclasses named in the past participle, ids only."""

    _names: ClassVar[dict[str, type["Fact"]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # A subclass with slots is built twice by its decorator; the second one takes the first one's place.
        super().__init_subclass__(**kwargs)
        Fact._names[cls.__name__] = cls

    @property
    def payload(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def decode(cls, name: str, payload: dict[str, Any]) -> "Fact":
        """The fact of that name. Raises KeyError when no loaded module declares it."""
        return cls._names[name](**payload)

    @classmethod
    def narrow(cls, fact: "Fact") -> Self:
        """`fact`, known to be of this class. Raises TypeError otherwise: the circuit is wired wrongly."""
        if not isinstance(fact, cls):
            raise TypeError(f"expected {cls.__name__}, got {type(fact).__name__}")
        return fact


class FactRow(Base):
    __tablename__ = "outbox_fact"

    id: Mapped[Key]
    name: Mapped[str]
    payload: Mapped[dict[str, Any]]
    at: Mapped[Instant] = mapped_column(server_default=func.clock_timestamp())
    expanded_at: Mapped[Instant | None]

    __table_args__ = (Index("ix_outbox_fact_new", "id", postgresql_where=text("expanded_at IS NULL")),)


class State(StrEnum):
    """A delivery's life: due → sent (to Redis) → taken (by a worker) → done; parked after its last failure."""

    DUE = "due"
    SENT = "sent"
    TAKEN = "taken"
    DONE = "done"
    PARKED = "parked"


class Delivery(Base):
    """One fact for one actor.

    `wake_at` is when the relay must look at it: when it falls due, or its lease ends. `started_at` is when the latest
    attempt began.
    """

    __tablename__ = "outbox_delivery"

    id: Mapped[Key]
    fact_id: Mapped[int] = mapped_column(ForeignKey("outbox_fact.id", ondelete="CASCADE"))
    actor: Mapped[str]
    queue: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=State.DUE)
    attempts: Mapped[int] = mapped_column(server_default="0")
    wake_at: Mapped[Instant] = mapped_column(server_default=func.clock_timestamp())
    started_at: Mapped[Instant | None]
    done_at: Mapped[Instant | None]
    error: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("fact_id", "actor"),
        CheckConstraint("state IN ('due', 'sent', 'taken', 'done', 'parked')", name="state"),
        Index("ix_outbox_delivery_wake", "queue", "wake_at", postgresql_where=text("state IN ('due','sent','taken')")),
        Index("ix_outbox_delivery_lease", "queue", "wake_at", postgresql_where=text("state IN ('sent','taken')")),
        Index("ix_outbox_delivery_parked", "id", postgresql_where=text("state = 'parked'")),
    )


_PUBLISH = text(
    """
    INSERT INTO outbox_fact (name, payload)
    SELECT name, CAST(payload AS jsonb)
    FROM unnest(CAST(:names AS text[]), CAST(:payloads AS text[])) WITH ORDINALITY AS f(name, payload, rank)
    ORDER BY rank
    """
)


def publish(session: Session, *facts: Fact) -> None:
    """Write the facts beside the state that they tell of, in the caller's transaction; one statement for any number."""
    if facts:
        session.flush()  # what they tell of is written before them
        names = [type(fact).__name__ for fact in facts]
        session.execute(_PUBLISH, {"names": names, "payloads": [json.dumps(fact.payload) for fact in facts]})

"""The Dramatiq broker: Redis as a doorbell, with Dramatiq's own retries, delays and age limits left out.

What is due, when, and how often it was tried stands in PostgreSQL (`kernel.deliveries`); a message holds the ids of
deliveries and nothing else. `maintenance_chance` and `heartbeat_timeout` let Dramatiq give a killed worker's messages
back within seconds instead of minutes; the relay would send them again in any case.
"""

from collections.abc import Sequence

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from kernel.settings import get_settings


def make_broker() -> RedisBroker:
    """A broker on REDIS_URL, also made Dramatiq's global one."""
    # redis-py's own retries could push a message twice or run a Lua step twice: an error is told, and the relay waits.
    client = Redis.from_url(
        get_settings().redis_url, socket_timeout=5, socket_connect_timeout=3, retry=Retry(NoBackoff(), 0)
    )
    promptly = {"maintenance_chance": 1_000_000, "heartbeat_timeout": 10_000}
    broker = RedisBroker(client=client, middleware=[], **promptly)  # type: ignore[no-untyped-call]
    dramatiq.set_broker(broker)
    return broker


def ring(broker: RedisBroker, queue: str, actor: str, delivery_ids: Sequence[int]) -> None:
    """Tell the workers of a queue that these deliveries wait for that actor. Raises RedisError."""
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name=queue, actor_name=actor, args=tuple(delivery_ids), kwargs={}, options={}
    )
    broker.enqueue(message)


def unanswered(broker: RedisBroker, queue: str) -> int:
    """How many doorbells of a queue no worker has fetched yet. Raises RedisError."""
    return int(broker.client.llen(f"{broker.namespace}:{queue}"))

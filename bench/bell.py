"""The programs of P6: workers load this module in place of the circuit.

``python -m bench.bell`` is the relay on its one route; ``python -m bench.bell N PAUSE`` sends N bare messages and
prints their seconds.
"""

import json
import sys
import time

import dramatiq
from redis import Redis
from sqlalchemy.orm import Session

from bench.bells import BARE_QUEUE, ClocheTiree
from kernel.logs import init_logs
from kernel.settings import get_settings
from workers.commands import stop_on_signals
from workers.relay import relay
from workers.runtime import ARGENT, broker, local

SECONDS = "bench:nu"
"""The Redis list of how long each bare message took to its actor."""


@local(ARGENT)
def entendre(session: Session, fact: ClocheTiree) -> None:
    """Nothing to do: what is measured is the way here, and the delivery's end."""


@dramatiq.actor(actor_name="nu", queue_name=BARE_QUEUE, broker=broker)
def bare(sent: float) -> None:
    broker.client.rpush(SECONDS, time.time() - sent)


ROUTES = {ClocheTiree.__name__: [(entendre.name, entendre.queue)]}


def send(times: int, pause: float) -> dict[str, object]:
    """Send bare messages and wait until all have come; how many came a second, and after how long each."""
    with Redis.from_url(get_settings().redis_url) as redis:
        redis.delete(SECONDS)
        start = time.perf_counter()
        for _ in range(times):
            bare.send(time.time())
            time.sleep(pause)
        while redis.llen(SECONDS) < times:
            time.sleep(0.005)
        rate = times / (time.perf_counter() - start)
        return {"rate": rate, "seconds": [float(one) for one in redis.lrange(SECONDS, 0, -1)]}


if __name__ == "__main__":
    init_logs()
    if len(sys.argv) == 3:
        print(json.dumps(send(int(sys.argv[1]), float(sys.argv[2]))))
    else:
        relay(stop_on_signals(), ROUTES)

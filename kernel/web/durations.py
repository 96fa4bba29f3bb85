"""How long requests take, by route: counted in each process, added up in Redis.

Several web processes answer behind one address, so a reader of the one that it meets would see figures jump. Each adds
what it has counted to one hash of Redis every few seconds, along with a request, and Prometheus reads the sums. Nothing
that matters is in Redis: while it is away the counts wait, and if it is emptied they start anew, as counters may.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping

from flask import Flask, Response, g, request
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from kernel.settings import get_settings

HASH = "metrics:http"
EVERY_SECONDS = 5.0
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
OVER = "+Inf"

Counts = Counter[str]


class Durations:
    """What this process has counted and not yet handed to Redis. Fields: ``kind|route|…`` → a whole number."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counts = Counter()
        self._handed = time.monotonic()

    def note(self, route: str, method: str, status: int, seconds: float) -> None:
        bucket = next((str(edge) for edge in BUCKETS if seconds <= edge), OVER)
        with self._lock:
            self._counts[f"requests|{route}|{method}|{status}"] += 1
            self._counts[f"bucket|{route}|{bucket}"] += 1
            self._counts[f"micros|{route}"] += round(seconds * 1_000_000)

    def hand_over(self, *, now: bool = False) -> bool:
        """Add the counts to Redis if it is time; what Redis does not take is kept. False: Redis is away."""
        with self._lock:
            if not now and time.monotonic() - self._handed < EVERY_SECONDS:
                return True
            self._handed = time.monotonic()
            counts, self._counts = self._counts, Counter()
        try:
            with redis() as client, client.pipeline(transaction=True) as pipe:
                for name, count in counts.items():
                    pipe.hincrby(HASH, name, count)
                pipe.execute()
        except RedisError:
            with self._lock:
                self._counts += counts
            return False
        return True


def redis() -> "Redis":
    """A client that gives up at once: a page never waits for a figure."""
    url = get_settings().redis_url
    return Redis.from_url(
        url, socket_timeout=0.2, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0), decode_responses=True
    )


def init_durations(app: Flask) -> Durations:
    """Count every answer that a route gave; what no route answered is one line together."""
    durations = Durations()

    @app.after_request
    def count(response: Response) -> Response:
        if request.endpoint != "static":
            seconds = time.perf_counter() - g.get("started", time.perf_counter())
            durations.note(request.endpoint or "none", _method(), response.status_code, seconds)
        durations.hand_over()
        return response

    return durations


def _method() -> str:
    """The method, or OTHER for one that a visitor has made up: a label's values are few."""
    return request.method if request.method in ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE") else "OTHER"


def families(counts: Mapping[str, str]) -> Iterator[Metric]:
    """What Redis holds, as Prometheus reads it."""
    requests = CounterMetricFamily("http_requests", "Answers, by route.", labels=("route", "method", "status"))
    buckets: dict[str, Counts] = {}
    for name, count in sorted(counts.items()):
        kind, route, *rest = name.split("|")
        if kind == "requests":
            requests.add_metric([route, *rest], int(count))
        elif kind == "bucket":
            buckets.setdefault(route, Counter())[rest[0]] = int(count)
    yield requests
    seconds = HistogramMetricFamily("http_request_seconds", "How long answers took, by route.", labels=("route",))
    for route, counted in buckets.items():
        seconds.add_metric([route], _cumulated(counted), int(counts.get(f"micros|{route}", 0)) / 1_000_000)
    yield seconds


def _cumulated(counted: Counts) -> list[tuple[str, float]]:
    edges = [*map(str, BUCKETS), OVER]
    return [(edge, sum(counted[lower] for lower in edges[: rank + 1])) for rank, edge in enumerate(edges)]

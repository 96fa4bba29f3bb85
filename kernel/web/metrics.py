"""`/metrics`: what an operator's Prometheus reads. Counts and ages; nobody is named.

Who may read it: whoever shows METRICS_TOKEN, where one is set. Without one, only a reader of this machine or of its
private network, who came by no proxy: what a proxy passes on comes from the world, whatever address it wears.
"""

import hmac
from collections.abc import Sequence
from ipaddress import ip_address

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import Forbidden

from kernel.db import reading
from kernel.metrics import Measure, collect
from kernel.settings import get_settings
from kernel.web.access import public
from kernel.web.durations import HASH, Durations, families, init_durations, redis
from kernel.web.security import limiter, plain_http_too

bp = Blueprint("metrics", __name__)

_EXTENSION = "metrics"
_BY_PROXY = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")
TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Page:
    """The figures of one reading, as prometheus-client wants to be handed them."""

    def __init__(self, figures: Sequence[Metric]) -> None:
        self.figures = figures

    def collect(self) -> Sequence[Metric]:
        return self.figures


def init_metrics(app: Flask, measures: Sequence[Measure]) -> None:
    """Tell `/metrics` what the trades measure, and begin to count requests."""
    app.extensions[_EXTENSION] = (init_durations(app), measures)


@bp.get("/metrics")
@public("a monitor of this machine or network reads it, or one with a token; the view checks; it counts, naming nobody")
@plain_http_too
@limiter.exempt
def metrics() -> Response:
    if not _may_read():
        raise Forbidden
    durations, measures = current_app.extensions[_EXTENSION]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Page([*_of_database(measures), *_of_redis(durations)]))
    return Response(generate_latest(registry), content_type=TEXT)


def _may_read() -> bool:
    token = get_settings().metrics_token
    if token is not None:
        shown = request.headers.get("Authorization", "")
        return hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())
    if any(name in request.headers for name in _BY_PROXY):
        return False
    try:
        return ip_address(request.remote_addr or "").is_private
    except ValueError:
        return False


def _of_database(measures: Sequence[Measure]) -> list[Metric]:
    """The measures; only that it is away, when the database does not answer: the page itself stands."""
    up = GaugeMetricFamily("database_up", "Whether PostgreSQL answers.")
    try:
        with reading() as session:
            found = collect(session, measures)
    except SQLAlchemyError:
        up.add_metric([], 0)
        return [up]
    up.add_metric([], 1)
    return [up, *found]


def _of_redis(durations: Durations) -> list[Metric]:
    up = GaugeMetricFamily("redis_up", "Whether Redis answers.")
    try:
        answers = durations.hand_over(now=True)
        with redis() as client:
            counts = client.hgetall(HASH) if answers else {}
    except RedisError:
        answers, counts = False, {}
    up.add_metric([], float(answers))
    return [up, *(families(counts) if answers else ())]

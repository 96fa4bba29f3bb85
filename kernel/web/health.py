"""`/sante`: this process answers. `/pret`: it can work, for the database, Redis and the relay answer too."""

from flask import Blueprint, Response, jsonify
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from kernel.db import reading
from kernel.metrics import LAG
from kernel.settings import get_settings
from kernel.web.access import public
from kernel.web.security import limiter, plain_http_too

bp = Blueprint("health", __name__)

MAX_LAG_SECONDS = 60


@bp.get("/sante")
@public("a probe asks it; it tells nothing")
@plain_http_too
@limiter.exempt
def sante() -> Response:
    return jsonify(etat="vivant")


@bp.get("/pret")
@public("a probe asks it; it tells only which engine is missing")
@plain_http_too
@limiter.exempt
def pret() -> tuple[Response, int]:
    checks = {"base": False, "redis": False, "relais": False}
    try:
        with reading() as session:
            lag = float(session.execute(LAG).scalar_one())
        checks["base"], checks["relais"] = True, lag < MAX_LAG_SECONDS
    except SQLAlchemyError:
        pass  # the answer itself says that the database is away
    try:
        with Redis.from_url(get_settings().redis_url, socket_timeout=2, socket_connect_timeout=2) as redis:
            checks["redis"] = bool(redis.ping())
    except RedisError:
        pass  # likewise for Redis
    return jsonify(checks), 200 if all(checks.values()) else 503

"""Structured logs on standard error: one JSON object a line, no personal data.

Only names, ids and durations are logged; addresses of pages are logged as their route, without query or arguments.
"""

import logging
import sys
import time

import structlog
from flask import Flask, Response, g, request


def init_logs() -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def init_request_logs(app: Flask) -> None:
    log = structlog.get_logger()

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def line(response: Response) -> Response:
        if request.endpoint not in ("static", "health.sante", "health.pret"):
            millis = round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1)
            log.info("request", route=request.endpoint, method=request.method, status=response.status_code, ms=millis)
        return response

"""Structured logs on standard error: one JSON object a line, no personal data.

Only names, ids and durations are logged; addresses of pages are logged as their route, without query or arguments.
An exception is told by its kinds and by the lines of code that it went through: its text may quote what somebody
wrote (PostgreSQL does).
"""

import logging
import sys
import time
import traceback
from collections.abc import Iterator
from types import TracebackType

import structlog
from flask import Flask, Response, g, request


def init_logs() -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            tell_exception,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def tell_exception(_logger: object, _method: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    """Put the exception of `exc_info` into the line, without its text."""
    given = line.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given is True else None
    if isinstance(given, tuple):
        error = given[1]
    if error is not None:
        line["exception"] = [told for cause in _causes(error) for told in _told(cause)]
    return line


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, then what it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> Iterator[str]:
    yield type(error).__qualname__
    trace: TracebackType | None = error.__traceback__
    yield from (f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace))


def init_request_logs(app: Flask) -> None:
    log = structlog.get_logger()

    def log_exception(exc_info: object) -> None:
        log.error("bug", endpoint=request.endpoint, exc_info=exc_info)

    app.log_exception = log_exception  # type: ignore[method-assign]  # Flask's own names the whole address

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def line(response: Response) -> Response:
        if request.endpoint not in ("static", "health.sante", "health.pret", "metrics.metrics"):
            millis = round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1)
            log.info("request", route=request.endpoint, method=request.method, status=response.status_code, ms=millis)
        return response

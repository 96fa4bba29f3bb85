"""Stripe's bad days, asked for by route: the next n calls, or a share of them drawn with a seed.

A fault lives in memory: a restart mends everything.
"""

import itertools
import random
import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from demo.stripe_local.errors import ApiError, Json

KINDS = ("drop_before", "drop_after", "delay", "status", "timeout")
_MESSAGES = {
    409: ("lock_timeout", "This object cannot be accessed right now because another API request is accessing it."),
    429: ("rate_limit", "Too many requests made to the API too quickly."),
}


@dataclass
class Fault:
    """`route` is a pattern of "METHOD /v1/path". `times` None means for ever; `skip` lets that many calls pass first.

    drop_before: nothing is done, the connection closes. drop_after: all is done and kept, the connection closes.
    delay: `ms` before execution, the idempotency key already taken. timeout: the reply never comes (`ms` at most).
    status: that HTTP status instead of the reply. `executed`: whether the request is carried out first (status,
    timeout); `stored`: whether the error itself is kept under the key (by default, when executed and 5xx).
    """

    id: int
    kind: str
    route: str = "*"
    times: int | None = 1
    skip: int = 0
    probability: float = 1.0
    seed: int = 0
    ms: int = 0
    status: int = 500
    executed: bool = False
    stored: bool = False
    hits: int = 0
    _draw: random.Random = field(default_factory=random.Random, repr=False)

    def strikes(self, call: str) -> bool:
        if self.times == 0 or not fnmatchcase(call, self.route):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self._draw.random() >= self.probability:
            return False
        self.hits += 1
        self.times = None if self.times is None else self.times - 1
        return True

    def error(self) -> ApiError:
        code, message = _MESSAGES.get(self.status, (None, "An unknown error occurred"))
        family = "invalid_request_error" if self.status in _MESSAGES else "api_error"
        return ApiError(message, status=self.status, type=family, code=code)

    def as_json(self) -> Json:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}


class Faults:
    """The faults waiting to strike, and the latency added to every call (milliseconds)."""

    def __init__(self) -> None:
        self.latency_ms = 0
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._faults: list[Fault] = []

    def add(self, asked: Json) -> Fault:
        """Raises ValueError when `asked` is not a fault."""
        known = {"kind", "route", "times", "skip", "probability", "seed", "ms", "status", "executed", "stored"}
        if asked.get("kind") not in KINDS or not known.issuperset(asked):
            raise ValueError(f"kind is one of {', '.join(KINDS)}; fields are {', '.join(sorted(known))}")
        if "stored" not in asked and asked["kind"] == "status":
            asked = asked | {"stored": bool(asked.get("executed")) and int(asked.get("status", 500)) >= 500}
        if "times" not in asked and "probability" in asked:
            asked = asked | {"times": None}
        with self._lock:
            fault = Fault(next(self._numbers), **asked)
            fault._draw.seed(fault.seed)
            self._faults.append(fault)
        return fault

    def draw(self, method: str, path: str) -> Fault | None:
        with self._lock:
            return next((fault for fault in self._faults if fault.strikes(f"{method} {path}")), None)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self.latency_ms = 0

    def as_json(self) -> list[Json]:
        with self._lock:
            return [fault.as_json() for fault in self._faults]

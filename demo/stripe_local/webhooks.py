"""Events leave for the application's endpoint, signed, in the background, again and again until it answers 2xx.

A delivery is a row, so a kill loses none. The application must not count on order: several threads deliver, and the
`mode` can hold, shuffle, delay and double what leaves.
"""

import hashlib
import hmac
import json
import random
import threading
import time
from dataclasses import dataclass, field

import requests

from demo.stripe_local.errors import Json
from demo.stripe_local.storage import Store, Tx

API_VERSION = "2026-10-28.endive"
DEFAULT_EVENTS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "setup_intent.succeeded",
    "setup_intent.setup_failed",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.canceled",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.closed",
    "refund.failed",
)
_GIVE_UP = 3 * 86_400
_SLOWEST_RETRY = 30.0


def sign(payload: bytes, secret: str, stamp: int) -> str:
    """The value of the Stripe-Signature header."""
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + payload, hashlib.sha256)
    return f"t={stamp},v1={mac.hexdigest()}"


@dataclass
class Mode:
    """How deliveries leave. Times in milliseconds; `duplicates` is how many more times each event is sent."""

    hold: bool = False
    shuffle: bool = False
    duplicates: int = 0
    delay_ms: int = 0
    jitter_ms: int = 0
    retry_ms: int = 500
    seed: int = 0
    chance: random.Random = field(default_factory=random.Random, repr=False)

    def as_json(self) -> Json:
        return {name: value for name, value in vars(self).items() if name != "chance"}


class Webhooks:
    """Delivers to `url` the events whose type is in `types` (None: all). Without a url, events are only recorded."""

    def __init__(
        self, store: Store, url: str | None, secret: str, types: tuple[str, ...] | None = DEFAULT_EVENTS
    ) -> None:
        self.store, self.url, self.secret, self.types = store, url, secret, types
        self.mode = Mode()
        self._wake = threading.Condition()
        self._busy: set[int] = set()
        self._local = threading.local()
        store.before_commit = self._record
        store.after_commit = self._notify

    def start(self, threads: int = 4) -> None:
        for number in range(threads):
            threading.Thread(target=self._run, name=f"webhooks-{number}", daemon=True).start()

    def set_mode(self, asked: Json) -> None:
        """Raises ValueError for a name that is no part of the mode."""
        known = self.mode.as_json()
        if not set(asked) <= set(known) or any(type(value) is not type(known[name]) for name, value in asked.items()):
            raise ValueError(
                f"fields are {', '.join(f'{name} ({type(value).__name__})' for name, value in known.items())}"
            )
        for name, value in asked.items():
            setattr(self.mode, name, value)
        if "seed" in asked:
            self.mode.chance.seed(self.mode.seed)
        self._notify()

    def _record(self, tx: Tx) -> None:
        """Write the transaction's events, and the deliveries that they call for."""
        for event in tx.emitted:
            sent = bool(self.url) and (self.types is None or event["type"] in self.types)
            tx.put(event | {"api_version": API_VERSION, "pending_webhooks": int(sent)})
            for _ in range(1 + self.mode.duplicates if sent else 0):
                late = self.mode.delay_ms + self.mode.chance.random() * self.mode.jitter_ms
                row = (event["id"], time.time(), time.time() + late / 1000)
                tx.db.execute("INSERT INTO delivery (event, first_at, due) VALUES (?, ?, ?)", row)

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                taken = self._take()
                if taken is None:
                    self._wake.wait(0.25)
            if taken is not None:
                try:
                    self.deliver(*taken)
                finally:
                    with self._wake:
                        self._busy.discard(taken[0])

    def _take(self) -> tuple[int, str] | None:
        if self.mode.hold or not self.url:
            return None
        with self.store.transaction() as tx:
            sql = "SELECT id, event FROM delivery WHERE state = 'pending' AND due <= ? ORDER BY due, id LIMIT 64"
            due = [row for row in tx.db.execute(sql, (time.time(),)) if row[0] not in self._busy]
        if not due:
            return None
        taken: tuple[int, str] = self.mode.chance.choice(due) if self.mode.shuffle else due[0]
        self._busy.add(taken[0])
        return taken

    def deliver(self, delivery: int, event: str) -> Json:
        """Send once and record how it went: {"event", "type", "status"}, status 0 when nobody answered."""
        with self.store.transaction() as tx:
            body = tx.find(event) or {}
        status, outcome = self.post(body)
        with self.store.transaction() as tx:
            if 200 <= status < 300:
                done = "UPDATE delivery SET state = 'done', attempts = attempts + 1, outcome = ? WHERE id = ?"
                tx.db.execute(done, (outcome, delivery))
                tx.put(body | {"pending_webhooks": 0})
            else:
                self._put_off(tx, delivery, outcome)
        return {"event": event, "type": body.get("type"), "status": status}

    def _put_off(self, tx: Tx, delivery: int, outcome: str) -> None:
        attempts, first_at = tx.db.execute(
            "SELECT attempts, first_at FROM delivery WHERE id = ?", (delivery,)
        ).fetchone()
        due = time.time() + min(_SLOWEST_RETRY, self.mode.retry_ms / 1000 * 2 ** min(attempts, 10))
        state = "pending" if due < first_at + _GIVE_UP else "given_up"
        row = (state, attempts + 1, due, outcome, delivery)
        tx.db.execute("UPDATE delivery SET state = ?, attempts = ?, due = ?, outcome = ? WHERE id = ?", row)

    def post(self, event: Json, *, secret: str | None = None, age: int = 0) -> tuple[int, str]:
        """POST the event, stamped `age` seconds ago, signed with `secret` (the endpoint's, by default)."""
        payload = json.dumps(event, indent=2).encode()
        signature = sign(payload, secret or self.secret, int(time.time()) - age)
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
        if not hasattr(self._local, "http"):
            self._local.http = requests.Session()
            self._local.http.trust_env = False
        try:
            answer = self._local.http.post(self.url, data=payload, headers=headers, timeout=10, allow_redirects=False)
        except requests.RequestException as problem:
            return 0, type(problem).__name__
        return answer.status_code, str(answer.status_code)

    def waiting(self) -> list[tuple[int, str]]:
        """The deliveries not yet made, oldest first, due or not."""
        with self.store.transaction() as tx:
            return list(tx.db.execute("SELECT id, event FROM delivery WHERE state = 'pending' ORDER BY id"))

    def counts(self) -> Json:
        with self.store.transaction() as tx:
            return dict(tx.db.execute("SELECT state, count(*) FROM delivery GROUP BY state"))

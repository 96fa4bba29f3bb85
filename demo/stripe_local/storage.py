"""Everything that Stripe remembers, in one SQLite file: objects, replies kept under idempotency keys, deliveries.

One writer at a time, and one commit for a change, its events and its stored reply: a kill leaves all three or none.
What the API must not show of an object (how its card behaves, a session's lines) stays in its `private` column.
"""

import json
import secrets
import sqlite3
import string
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.stripe_local.clock import Clock
from demo.stripe_local.errors import Json

_ALPHABET = string.ascii_letters + string.digits
_COLUMNS = ("customer", "payment_intent")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, created INTEGER NOT NULL,
    customer TEXT, payment_intent TEXT, body TEXT NOT NULL, private TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS object_newest ON object (kind, created, seq);
CREATE INDEX IF NOT EXISTS object_customer ON object (kind, customer);
CREATE INDEX IF NOT EXISTS object_intent ON object (kind, payment_intent);
CREATE INDEX IF NOT EXISTS session_open ON object (json_extract(body, '$.expires_at'))
    WHERE kind = 'checkout.session' AND json_extract(body, '$.status') = 'open';
CREATE INDEX IF NOT EXISTS intent_processing ON object (kind)
    WHERE kind = 'payment_intent' AND json_extract(body, '$.status') = 'processing';
CREATE INDEX IF NOT EXISTS balance_pending ON object (json_extract(body, '$.available_on'))
    WHERE kind = 'balance_transaction' AND json_extract(body, '$.status') = 'pending';
CREATE TABLE IF NOT EXISTS reply (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    created INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0, first_at REAL NOT NULL, due REAL NOT NULL, outcome TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due) WHERE state = 'pending';
"""


def _field(name: str) -> str:
    return f"json_extract(body, '$.{name}')"


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}_{''.join(_ALPHABET[byte % len(_ALPHABET)] for byte in secrets.token_bytes(length))}"


@dataclass(frozen=True)
class Reply:
    status: int
    body: Json


@dataclass(frozen=True)
class Page:
    """One page of a list, newest first."""

    rows: list[Json]
    has_more: bool


class Store:
    """Opens `path` (created when absent). `transaction()` gives the only way in.

    `before_commit` sees each transaction that emitted events, within it; `after_commit` runs once they are written.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self.before_commit: Callable[[Tx], None] | None = None
        self.after_commit: Callable[[], None] | None = None
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        # What a commit wrote is the system's: a kill loses nothing, and only a power cut could.
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> "Iterator[Tx]":
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            tx = Tx(self._db, self.clock)
            try:
                yield tx
                if tx.emitted and self.before_commit:
                    self.before_commit(tx)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        if tx.emitted and self.after_commit:
            self.after_commit()

    def close(self) -> None:
        with self._lock:
            self._db.close()


class Tx:
    """Reads and writes within one transaction; `emitted` are its events, `request` the call that caused them."""

    def __init__(self, db: sqlite3.Connection, clock: Clock) -> None:
        self.db = db
        self.clock = clock
        self.emitted: list[Json] = []
        self.request: Json = {"id": None, "idempotency_key": None}

    def now(self) -> int:
        return self.clock.now()

    def put(self, body: Json, private: Json | None = None) -> Json:
        """Write an object; `private` None keeps what was there."""
        row = (body["id"], body["object"], body["created"], body.get("customer"), body.get("payment_intent"))
        self.db.execute(
            "INSERT INTO object (id, kind, created, customer, payment_intent, body, private)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body, customer = excluded.customer,"
            " payment_intent = excluded.payment_intent,"
            " private = CASE WHEN ? THEN object.private ELSE excluded.private END",
            (*row, json.dumps(body), json.dumps(private or {}), private is None),
        )
        return body

    def find(self, id: str, kind: str | None = None) -> Json | None:
        row = self.db.execute("SELECT body, kind FROM object WHERE id = ?", (id,)).fetchone()
        if row is None or (kind is not None and row[1] != kind):
            return None
        found: Json = json.loads(row[0])
        return found

    def private(self, id: str) -> Json:
        row = self.db.execute("SELECT private FROM object WHERE id = ?", (id,)).fetchone()
        found: Json = json.loads(row[0]) if row else {}
        return found

    def page(
        self,
        kind: str,
        *,
        limit: int = 10,
        where: dict[str, Any] | None = None,
        created: dict[str, int] | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> Page:
        """A page of objects, newest first. `where`: top-level fields of the body; `after`, `before`: an object's id.

        The names in `where` and the operators in `created` come from the routes' own tables, never from a request.
        """
        clauses, values = ["kind = ?"], [kind]
        for name, wanted in (where or {}).items():
            clauses.append(f"{name if name in _COLUMNS else _field(name)} = ?")
            values.append(wanted)
        for operator, instant in (created or {}).items():
            clauses.append(f"created {operator} ?")
            values.append(str(instant))
        cursor = after or before
        if cursor:
            side = "<" if after else ">"
            clauses.append(f"(created, seq) {side} (SELECT created, seq FROM object WHERE id = ?)")  # noqa: S608
            values.append(cursor)
        order = "ASC" if before and not after else "DESC"
        sql = f"SELECT body FROM object WHERE {' AND '.join(clauses)} ORDER BY created {order}, seq {order} LIMIT ?"  # noqa: S608
        rows = [json.loads(row[0]) for row in self.db.execute(sql, (*values, limit + 1))]
        kept = rows[:limit]
        return Page(kept if order == "DESC" else kept[::-1], len(rows) > limit)

    def everything(self, kind: str) -> list[Json]:
        """All objects of a kind, oldest first."""
        rows = self.db.execute("SELECT body FROM object WHERE kind = ? ORDER BY seq", (kind,))
        return [json.loads(row[0]) for row in rows]

    def processing(self) -> list[Json]:
        """The payments whose outcome a bank has not told yet."""
        rows = self.db.execute(
            "SELECT body FROM object WHERE kind = 'payment_intent' AND json_extract(body, '$.status') = 'processing'"
        )
        return [json.loads(row[0]) for row in rows]

    def unpaid(self, instant: int) -> list[Json]:
        """The movements of the balance that no payout holds yet, available by then."""
        rows = self.db.execute(
            "SELECT body FROM object WHERE kind = 'balance_transaction' AND json_extract(body, '$.status') = 'pending'"
            " AND json_extract(body, '$.available_on') <= ?",
            (instant,),
        )
        return [json.loads(row[0]) for row in rows]

    def sessions_past(self, instant: int) -> list[Json]:
        """Open Checkout sessions whose time is over."""
        rows = self.db.execute(
            "SELECT body FROM object WHERE kind = 'checkout.session' AND json_extract(body, '$.status') = 'open'"
            " AND json_extract(body, '$.expires_at') <= ? LIMIT 100",
            (instant,),
        )
        return [json.loads(row[0]) for row in rows]

    def emit(self, type: str, body: Json, previous: Json | None = None) -> None:
        """Record an event about `body` as it now stands; the webhooks module decides whether to deliver it."""
        data: Json = {"object": json.loads(json.dumps(body))}
        if previous is not None:
            data["previous_attributes"] = previous
        event = {"id": new_id("evt"), "object": "event", "created": self.now(), "livemode": False, "type": type}
        self.emitted.append(event | {"data": data, "request": self.request})

    def kept_reply(self, key: str) -> tuple[str, Reply] | None:
        """The fingerprint of the first request made with `key`, and what it was answered."""
        row = self.db.execute("SELECT fingerprint, status, body FROM reply WHERE key = ?", (key,)).fetchone()
        return (row[0], Reply(row[1], json.loads(row[2]))) if row else None

    def keep_reply(self, key: str, fingerprint: str, reply: Reply) -> None:
        row = (key, fingerprint, reply.status, json.dumps(reply.body), self.now())
        self.db.execute("INSERT INTO reply (key, fingerprint, status, body, created) VALUES (?, ?, ?, ?, ?)", row)

"""One call of the API from the socket to the reply: key, faults, idempotency, execution, what was kept.

The order matters: (1) who calls; (2) the idempotency key is taken, or its kept reply is given back; (3) the handler
runs and its reply is stored in the same commit; (4) only then may a fault lose the reply.
"""

import hashlib
import hmac
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from demo.stripe_local.errors import ApiError, Declined, Json
from demo.stripe_local.expand import expand
from demo.stripe_local.faults import Fault, Faults
from demo.stripe_local.params import Params, decode
from demo.stripe_local.storage import Reply, Store, Tx, new_id


@dataclass(frozen=True)
class Call:
    """What a handler needs to know of a request. `url_root` is where this server's own pages are."""

    params: Params
    ids: dict[str, str]
    path: str
    url_root: str


Handler = Callable[[Tx, Call], Json]
# Finds the handler and the ids in the path; raises ApiError when there is none.
Router = Callable[[str, str], tuple[Handler, dict[str, str]]]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    form: str
    authorization: str
    key: str | None
    url_root: str

    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.method} {self.path} {self.query} {self.form}".encode()).hexdigest()


@dataclass(frozen=True)
class Answer:
    """`lost`: the connection closes without a reply, after `wait_ms`."""

    reply: Reply
    id: str
    replayed: bool = False
    lost: bool = False
    wait_ms: int = 0
    retry: bool | None = None


class Api:
    def __init__(self, store: Store, faults: Faults, secret_key: str, router: Router) -> None:
        self.store, self.faults, self.secret_key, self.router = store, faults, secret_key, router
        self.journal: deque[Json] = deque(maxlen=20_000)
        self._lock = threading.Lock()
        self._in_flight: set[str] = set()

    def answer(self, request: Request) -> Answer:
        """Carry out one request, with the fault that strikes it, and note it in the journal."""
        fault = self.faults.draw(request.method, request.path)
        number = new_id("req", 14)
        note = {"id": number, "method": request.method, "path": request.path, "key": request.key, "at": time.time()}
        note |= {"fault": fault.kind if fault else None, "status": None, "replayed": False}
        self.journal.append(note)
        try:
            found = self._answer(request, fault, number)
        except ApiError as no:
            found = Answer(Reply(no.status, no.body), number)
        note |= {"status": None if found.lost else found.reply.status, "replayed": found.replayed, "lost": found.lost}
        return found

    def _answer(self, request: Request, fault: Fault | None, id: str) -> Answer:
        if fault and fault.kind == "drop_before":
            return Answer(Reply(0, {}), id, lost=True)
        if fault and fault.kind == "timeout" and not fault.executed:
            return Answer(Reply(0, {}), id, lost=True, wait_ms=fault.ms or 120_000)
        if fault and fault.kind == "status" and not fault.executed and not fault.stored:
            raise fault.error()
        self._authenticate(request)
        self._take_key(request)
        try:
            wait_ms = self.faults.latency_ms + (fault.ms if fault and fault.kind == "delay" else 0)
            if wait_ms:
                time.sleep(wait_ms / 1000)
            reply, replayed = self._execute(request, fault, id)
        finally:
            with self._lock:
                self._in_flight.discard(request.key or "")
        if fault and fault.kind in ("drop_after", "timeout"):
            wait = (fault.ms or 120_000) if fault.kind == "timeout" else 0
            return Answer(reply, id, replayed, lost=True, wait_ms=wait)
        # A kept error would only be replayed: Stripe tells its libraries not to insist.
        return Answer(reply, id, replayed, retry=False if replayed or reply.status >= 500 else None)

    def _authenticate(self, request: Request) -> None:
        scheme, _, key = request.authorization.partition(" ")
        if scheme != "Bearer" or not key:
            raise ApiError("You did not provide an API key.", status=401)
        if not hmac.compare_digest(key.encode(), self.secret_key.encode()):
            raise ApiError(f"Invalid API Key provided: {key[:7]}****", status=401)

    def _take_key(self, request: Request) -> None:
        if request.key is None:
            return
        if len(request.key) > 255:
            raise ApiError("Idempotency keys may only be up to 255 characters.", type="idempotency_error")
        with self._lock:
            if request.key in self._in_flight:
                message = (
                    "There is currently another in-progress request using this Idempotent Key. Please try again later."
                )
                raise ApiError(message, status=409, type="idempotency_error", code="idempotency_key_in_use")
            self._in_flight.add(request.key)

    def _execute(self, request: Request, fault: Fault | None, id: str) -> tuple[Reply, bool]:
        with self.store.transaction() as tx:
            tx.request = {"id": id, "idempotency_key": request.key}
            kept = tx.kept_reply(request.key) if request.key else None
            if kept is not None:
                return _same(request, *kept), True
            reply = self._carry_out(tx, request) if not fault or fault.kind != "status" or fault.executed else None
            if fault and fault.kind == "status":
                no = fault.error()
                reply, wanted = (Reply(no.status, no.body), fault.stored)
            else:
                wanted = True
            assert reply is not None
            if request.key and wanted:
                tx.keep_reply(request.key, request.fingerprint(), reply)
            return reply, False

    def _carry_out(self, tx: Tx, request: Request) -> Reply:
        handler, ids = self.router(request.method, request.path)
        values = decode(request.query) | decode(request.form)
        call = Call(Params(values), ids, request.path, request.url_root)
        paths = [path for path in call.params.array("expand") if isinstance(path, str)]
        tx.db.execute("SAVEPOINT handler")
        try:
            return Reply(200, expand(tx, handler(tx, call), paths))
        except Declined as no:
            return Reply(no.status, no.body)
        except ApiError as no:
            if not no.kept:
                raise
            tx.db.execute("ROLLBACK TO handler")
            tx.emitted.clear()
            return Reply(no.status, no.body)


def _same(request: Request, fingerprint: str, reply: Reply) -> Reply:
    if fingerprint != request.fingerprint():
        message = (
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{request.key}' if you meant to execute a different request."
        )
        raise ApiError(message, type="idempotency_error")
    return reply


def as_text(body: Json) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)

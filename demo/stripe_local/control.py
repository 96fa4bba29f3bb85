"""/_local/…: the strings that tests and the demo pull. Loopback only, JSON only."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from demo.stripe_local.api import Api
from demo.stripe_local.disputes import close_dispute, open_dispute
from demo.stripe_local.errors import Json
from demo.stripe_local.intents import settle_debit
from demo.stripe_local.payouts import pay_out
from demo.stripe_local.refunds import fail_refund
from demo.stripe_local.seeding import seed
from demo.stripe_local.storage import Store
from demo.stripe_local.webhooks import Webhooks


def _body() -> Any:
    """The JSON sent. Asking for its content type keeps a web page elsewhere from posting here unasked."""
    if not request.is_json:
        abort(415)
    return request.get_json()


def _loopback_only() -> None:
    if not request.remote_addr or not ip_address(request.remote_addr).is_loopback:
        abort(403)


def _misasked(problem: Exception) -> tuple[Json, int]:
    return {"error": f"{type(problem).__name__}: {problem}"}, 400


def control(store: Store, api: Api, webhooks: Webhooks) -> Blueprint:
    blueprint = Blueprint("control", __name__, url_prefix="/_local")
    blueprint.before_request(_loopback_only)
    for wrong in (KeyError, TypeError, ValueError):
        blueprint.register_error_handler(wrong, _misasked)
    _health(blueprint, store, webhooks)
    _objects(blueprint, store)
    _faults(blueprint, api)
    _banks(blueprint, store)
    _webhooks(blueprint, store, webhooks)
    return blueprint


def _health(blueprint: Blueprint, store: Store, webhooks: Webhooks) -> None:
    @blueprint.get("/sante")
    def health() -> Json:
        with store.transaction() as tx:
            return {"status": "ok", "now": tx.now(), "webhook_url": webhooks.url}


def _objects(blueprint: Blueprint, store: Store) -> None:
    @blueprint.post("/semer")
    def sow() -> Json:
        with store.transaction() as tx:
            return seed(tx, _body())

    @blueprint.get("/objets/<kind>")
    def objects(kind: str) -> Response:
        with store.transaction() as tx:
            return jsonify(tx.everything(kind))

    @blueprint.post("/cartes/<id>")
    def behave(id: str) -> Json:
        """From now on the bank says `outcome` ("ok" or a decline code) to this saved card."""
        asked = _body()
        with store.transaction() as tx:
            method = tx.find(id, "payment_method")
            if method is None:
                abort(404)
            known = {name: asked[name] for name in ("outcome", "authentication") if name in asked}
            private = tx.private(id) | known
            tx.put(method, private)
            return private

    @blueprint.delete("/cles")
    def forget_keys() -> Json:
        """Forget the idempotency keys older than `?age=` seconds, as Stripe does after a day."""
        age = int(request.args.get("age", "0"))
        with store.transaction() as tx:
            gone = tx.db.execute("DELETE FROM reply WHERE created <= ?", (tx.now() - age,)).rowcount
        return {"forgotten": gone}


def _faults(blueprint: Blueprint, api: Api) -> None:
    @blueprint.get("/pannes")
    def faults() -> Json:
        return {"faults": api.faults.as_json(), "latency_ms": api.faults.latency_ms}

    @blueprint.post("/pannes")
    def add_fault() -> Json:
        return api.faults.add(_body()).as_json()

    @blueprint.delete("/pannes")
    def mend() -> Json:
        api.faults.clear()
        return {"faults": []}

    @blueprint.post("/latence")
    def latency() -> Json:
        api.faults.latency_ms = max(0, min(60_000, int(_body()["ms"])))
        return {"latency_ms": api.faults.latency_ms}

    @blueprint.get("/requetes")
    def journal() -> Response:
        """The calls received since the start, oldest first, or since the instant `?depuis=`."""
        since = float(request.args.get("depuis", "0"))
        return jsonify([note for note in list(api.journal) if note["at"] >= since])


def _banks(blueprint: Blueprint, store: Store) -> None:
    @blueprint.post("/sepa/<id>")
    def settle(id: str) -> Json:
        """The bank answers a SEPA debit now: {"outcome": "ok" or a code}; without it, as its account would."""
        with store.transaction() as tx:
            intent = tx.find(id, "payment_intent")
            if intent is None or intent["status"] != "processing":
                abort(404)
            return settle_debit(tx, intent, _body().get("outcome"))

    @blueprint.post("/virements")
    def payout() -> Json:
        """All that is on the balance leaves for the bank now; {} when nothing is there."""
        with store.transaction() as tx:
            return pay_out(tx, now=True) or {}

    @blueprint.post("/remboursements/<id>")
    def send_back(id: str) -> Json:
        """A bank cannot take a refund: {"reason"?: "lost_or_stolen_card" and the like}."""
        asked = _body()
        with store.transaction() as tx:
            found = tx.find(id, "refund")
            if found is None:
                abort(404)
            return fail_refund(tx, found, asked.get("reason", "expired_or_canceled_card"))

    @blueprint.post("/litiges")
    def dispute() -> Json:
        """A bank takes a payment back: {"payment_intent", "reason"?, "amount"?}."""
        asked = _body()
        with store.transaction() as tx:
            intent = tx.find(asked["payment_intent"], "payment_intent")
            if intent is None:
                abort(404)
            return open_dispute(tx, intent, asked.get("reason", "fraudulent"), asked.get("amount"))

    @blueprint.post("/litiges/<id>")
    def close(id: str) -> Json:
        """It ends: {"status": "won" or "lost"}."""
        with store.transaction() as tx:
            found = tx.find(id, "dispute")
            if found is None:
                abort(404)
            return close_dispute(tx, found, _body()["status"])


def _webhooks(blueprint: Blueprint, store: Store, webhooks: Webhooks) -> None:
    @blueprint.get("/webhooks")
    def state() -> Json:
        waiting = [event for _, event in webhooks.waiting()]
        return {"mode": webhooks.mode.as_json(), "counts": webhooks.counts(), "waiting": waiting, "url": webhooks.url}

    @blueprint.post("/webhooks")
    def set_mode() -> Json:
        asked = _body()
        webhooks.url = asked.pop("url", webhooks.url)
        webhooks.set_mode(asked)
        return webhooks.mode.as_json()

    @blueprint.post("/webhooks/liberer")
    def release() -> Json:
        return {"delivered": _release(webhooks, _body())}

    @blueprint.post("/webhooks/rejouer")
    def replay() -> Json:
        """Send one event again now, `times` times, stamped `age` seconds ago, signed with `secret` if given."""
        asked = _body()
        with store.transaction() as tx:
            event = tx.find(asked["event"], "event")
        if event is None:
            abort(404)
        how = {"secret": asked.get("secret"), "age": int(asked.get("age", 0))}
        return {"statuses": [webhooks.post(event, **how)[0] for _ in range(asked.get("times", 1))]}

    @blueprint.post("/webhooks/attendre")
    def wait() -> Json:
        """Answer once nothing waits any more, or after `ms`."""
        until = time.monotonic() + int(_body().get("ms", 5000)) / 1000
        while webhooks.waiting() and time.monotonic() < until:
            time.sleep(0.01)
        return {"waiting": len(webhooks.waiting())}


def _release(webhooks: Webhooks, asked: Json) -> list[Json]:
    """Deliver what waits, in the given order, and say how each went; meant for the mode `hold`."""
    waiting = webhooks.waiting() * (1 + int(asked.get("duplicates", 0)))
    order = asked.get("order", "given")
    if order == "shuffled":
        random.Random(asked.get("seed", 0)).shuffle(waiting)
    elif isinstance(order, list):
        rows = {event: row for row, event in waiting}
        waiting = [(rows[event], event) for event in order if event in rows]
    with ThreadPoolExecutor(max(1, min(32, int(asked.get("parallel", 1))))) as pool:
        return list(pool.map(lambda row: webhooks.deliver(*row), waiting))

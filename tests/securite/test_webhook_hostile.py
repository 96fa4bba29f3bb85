"""The door of Stripe's webhooks: bodies that are rightly signed and yet hostile, signatures that do not hold."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from kernel.db import reading
from paiements import passerelle
from tests.empreintes import empreinte
from tests.securite.hostile import lisible
from tests.securite.scene import Scene

SECRET = "whsec_tests"


def signe(body: bytes, *, secret: str = SECRET, stamp: str | None = None, scheme: str = "v1") -> dict[str, str]:
    when = stamp if stamp is not None else str(int(time.time()))
    mac = hmac.new(secret.encode(), f"{when}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={when},{scheme}={mac}"}


def evenement(**given: Any) -> dict[str, Any]:
    return {"id": "evt_1", "type": "charge.updated", "data": {"object": {"id": "ch_1"}}} | given


def poster(client: FlaskClient, body: bytes, headers: dict[str, str] | None = None) -> int:
    answer = client.post("/paiements/webhook", data=body, headers=signe(body) if headers is None else headers)
    if answer.status_code >= 400:
        lisible(answer, body[:100])
    return answer.status_code


def gardes() -> int:
    with reading() as session:
        return int(session.execute(text("SELECT count(*) FROM evenement_stripe")).scalar_one())


def test_a_signed_event_of_any_type_is_kept_once(client: FlaskClient, base: str) -> None:
    """Control of the refusals below; a type that we do not know is kept as done."""
    kinds = ("charge.updated", "invented.tomorrow", "checkout.session.completed", "payment_intent.succeeded")
    for number, kind in enumerate(kinds):
        body = json.dumps(evenement(id=f"evt_{number}", type=kind)).encode()
        assert [poster(client, body) for _ in range(3)] == [200, 200, 200]
    assert gardes() == len(kinds)
    with reading() as session:
        facts = session.execute(text("SELECT count(*) FROM outbox_fact")).scalar_one()
        waiting = session.execute(text("SELECT count(*) FROM evenement_stripe WHERE traite_le IS NULL")).scalar_one()
    assert (facts, waiting) == (2, 2)


REFUSES = {
    "deep": b"[" * 100_000,
    "deep and closed": b'{"id":"evt_1","type":"x","data":{"object":{"id":"y","a":' + b"[" * 90_000 + b"]" * 90_000
    + b"}}}",
    "nul in an id": json.dumps(evenement(id="evt_\0")).encode(),
    "nul inside": json.dumps(evenement(note="a\0b")).encode(),
    "surrogate in an id": b'{"id":"evt_\\ud800","type":"x","data":{"object":{"id":"y"}}}',
    "surrogate inside": b'{"id":"evt_1","type":"x","data":{"object":{"id":"y"}},"a":"\\udfff"}',
    "not a number": b'{"id":"evt_1","type":"x","data":{"object":{"id":"y"}},"a":NaN}',
    "infinite": b'{"id":"evt_1","type":"x","data":{"object":{"id":"y"}},"a":1e999}',
    "digits": b'{"id":"evt_1","type":"x","data":{"object":{"id":"y"}},"a":' + b"9" * 5_000 + b"}",
    "long id": json.dumps(evenement(id="evt_" + "x" * 100_000)).encode(),
    "long type": json.dumps(evenement(type="x" * 100_000)).encode(),
    "long object": json.dumps(evenement(data={"object": {"id": "x" * 100_000}})).encode(),
    "other types": json.dumps(evenement(id=7, type=["a"])).encode(),
    "object is a list": json.dumps(evenement(data={"object": []})).encode(),
    "data is a text": json.dumps(evenement(data="x")).encode(),
    "utf-16": json.dumps(evenement()).encode("utf-16"),
    "not utf-8": b'{"id":"evt_\xff"}',
    "empty": b"",
    "html": b"<script>alert(1)</script>",
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(REFUSES))
def test_a_signed_body_that_is_no_event_is_refused(client: FlaskClient, base: str, kind: str) -> None:
    assert poster(client, REFUSES[kind]) in (400, 413), kind
    assert gardes() == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
EVENEMENTS = st.fixed_dictionaries(
    {"id": st.text(max_size=12) | JSON, "type": st.text(max_size=12) | JSON},
    optional={
        "data": st.fixed_dictionaries({"object": st.fixed_dictionaries({"id": st.text(max_size=9)}) | JSON}) | JSON
    },
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENEMENTS.map(lambda event: json.dumps(event).encode()) | st.binary(max_size=60))
@example(b"null")
@example(b'{"id":"","type":"","data":{"object":{"id":""}}}')
def test_any_signed_body_is_kept_or_refused_and_never_a_500(client: FlaskClient, base: str, body: bytes) -> None:
    before = gardes()
    status = poster(client, body)
    assert status in (200, 400)
    assert gardes() - before <= (status == 200)


def test_signatures_that_do_not_hold_are_refused(client: FlaskClient, base: str) -> None:
    body = json.dumps(evenement()).encode()
    now = int(time.time())
    good = signe(body)["Stripe-Signature"]
    mac = good.split("v1=")[1]
    headers = [
        signe(body, secret="whsec_autre"),
        signe(body, stamp=str(now - 301)),
        signe(body, stamp=""),
        signe(body, stamp="-1"),
        signe(body, scheme="v0"),
        signe(body + b" "),
        {"Stripe-Signature": good.replace(f"t={now}", f"t={now - 1}") if f"t={now}" in good else "t=1"},
        {"Stripe-Signature": f"v1={mac}"},
        {"Stripe-Signature": f"t={now}"},
        {"Stripe-Signature": f"t=abc,v1={mac}"},
        {"Stripe-Signature": f"t={now},v1={mac[:-1]}"},
        {"Stripe-Signature": f"t={now},v1={'é' * 64}"},
        {"Stripe-Signature": "," * 8_000},
        {"Stripe-Signature": "=" * 8_000},
        {"Stripe-Signature": ""},
        {},
    ]
    for one in headers:
        assert poster(client, body, one) == 400, one
    assert gardes() == 0


def test_control_without_the_signature_anything_is_kept(
    client: FlaskClient, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import stripe  # noqa: PLC0415

    monkeypatch.setattr(stripe.WebhookSignature, "verify_header", lambda *_: True)
    assert poster(client, json.dumps(evenement()).encode(), {}) == 200
    assert gardes() == 1


def test_an_event_in_another_order_of_fields_is_the_same_event(client: FlaskClient, base: str) -> None:
    first = json.dumps(evenement()).encode()
    again = json.dumps({key: evenement()[key] for key in sorted(evenement(), reverse=True)}).encode()
    assert [poster(client, first), poster(client, again)] == [200, 200]
    assert gardes() == 1


def test_reading_the_door_does_nothing(app: Flask, scene: Scene) -> None:
    before = empreinte()
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert app.test_client().open("/paiements/webhook", method=method).status_code == 405
    assert empreinte() == before


def test_the_signature_is_checked_before_anything_is_read(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    def unread(_: object) -> None:
        raise AssertionError("read before it was checked")

    monkeypatch.setattr("paiements.passerelle.stripe_evenements.json.loads", unread)
    with pytest.raises(passerelle.SignatureInvalide):
        passerelle.prestataire().lire_evenement(b"{}", {"Stripe-Signature": "t=1,v1=0"})

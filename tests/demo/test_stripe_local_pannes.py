"""The local Stripe's bad days: idempotency keys, lost replies, webhooks astray, kills and restarts."""

import json
import secrets
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from tests.demo.outside_world import Outside, Receiver, free_port, running, wait_for
from tests.demo.stripe_town import KEY, SECRET, Town, arguments, events_of


def test_the_same_key_gives_the_same_reply_and_refuses_other_parameters(town: Town) -> None:
    household, key = town.household(), secrets.token_hex(8)
    first, again = town.charge(household, key), town.charge(household, key)
    assert first.id == again.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    with pytest.raises(stripe.IdempotencyError):
        town.charge(household, key, amount=551)
    assert len(town.intents(household[0])) == 1


def test_a_refusal_of_the_bank_is_replayed_but_a_wrong_parameter_is_not_kept(town: Town) -> None:
    household, key = town.household("4000000000009995"), secrets.token_hex(8)
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            town.charge(household, key)
    assert len(town.intents(household[0])) == 1
    other = secrets.token_hex(8)
    with pytest.raises(stripe.InvalidRequestError):
        town.charge(household, other, amount=3)
    town.local("POST", f"cartes/{household[1]}", {"outcome": "ok"})
    assert town.charge(household, other).status == "succeeded"


def test_a_key_in_use_is_refused_with_409(town: Town) -> None:
    household, key = town.household(), secrets.token_hex(8)
    town.fault("delay", route="POST /v1/payment_intents", ms=400)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(town.charge, household, key)
        wait_for(lambda: any(note["key"] == key for note in town.local("GET", "requetes")))
        with pytest.raises(stripe.APIError) as busy:
            town.charge(household, key)
        body: Any = busy.value.json_body
        assert (busy.value.http_status, body["error"]["code"]) == (409, "idempotency_key_in_use")
        assert slow.result().status == "succeeded"
    assert len(town.intents(household[0])) == 1


def test_many_callers_with_one_key_make_one_charge(town: Town) -> None:
    household, key = town.household(), secrets.token_hex(8)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: town.charge(household, key, retries=8), range(8)))
    assert len({reply.id for reply in replies}) == 1
    assert len(town.intents(household[0])) == 1


@pytest.mark.parametrize("fault", [{"kind": "drop_after"}, {"kind": "timeout", "ms": 300, "executed": True}])
def test_a_lost_reply_is_found_again_with_the_same_key(town: Town, fault: dict[str, Any]) -> None:
    household, key = town.household(), secrets.token_hex(8)
    town.fault(**fault, route="POST /v1/payment_intents")
    with pytest.raises(stripe.APIConnectionError):
        town.charge(household, key, seconds=0.2)
    (kept,) = town.intents(household[0])
    assert town.charge(household, key).id == kept.id
    assert len(town.intents(household[0])) == 1


def test_a_request_dropped_before_its_execution_leaves_nothing(town: Town) -> None:
    household, key = town.household(), secrets.token_hex(8)
    town.fault("drop_before", route="POST /v1/payment_intents")
    with pytest.raises(stripe.APIConnectionError):
        town.charge(household, key)
    assert town.intents(household[0]) == []
    assert town.charge(household, key).status == "succeeded"


def test_the_library_gets_through_short_faults_by_itself(town: Town) -> None:
    household = town.household()
    town.fault("drop_after", route="POST /v1/payment_intents")
    assert town.charge(household, retries=2).status == "succeeded"
    assert len(town.intents(household[0])) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(429, stripe.RateLimitError), (409, stripe.APIError), (500, stripe.APIError)]
)
def test_a_fault_before_execution_is_not_kept(town: Town, status: int, error: type[stripe.StripeError]) -> None:
    household, key = town.household(), secrets.token_hex(8)
    town.fault("status", status=status, route="POST /v1/payment_intents")
    with pytest.raises(error):
        town.charge(household, key)
    assert town.charge(household, key).status == "succeeded"


def test_an_error_once_execution_began_is_replayed_and_only_reading_tells(town: Town) -> None:
    household, key = town.household(), secrets.token_hex(8)
    town.fault("status", status=500, executed=True, route="POST /v1/payment_intents")
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            town.charge(household, key)
    assert [intent.status for intent in town.intents(household[0])] == ["succeeded"]


def test_faults_by_chance_follow_their_seed(town: Town) -> None:
    def struck() -> list[bool]:
        town.local("DELETE", "pannes")
        town.fault("status", status=429, probability=0.5, seed=7, route="GET /v1/customers")
        answers = []
        for _ in range(12):
            headers = {"Authorization": f"Bearer {KEY}"}
            answers.append(requests.get(f"{town.outside.url}/v1/customers", headers=headers, timeout=5).status_code)
        return [status == 429 for status in answers]

    first = struck()
    assert first == struck()
    assert 0 < sum(first) < 12


def test_webhooks_are_signed_and_told_again_until_heard(town: Town) -> None:
    household = town.household()
    town.outbox.statuses += [500, 503]
    town.charge(household)
    wait_for(lambda: len(town.outbox.received) == 3)
    events = events_of(town.outbox, household[0])
    assert {event.type for event in events} == {"payment_intent.succeeded"}
    assert len({event.id for event in events}) == 1
    body, signature = town.outbox.received[0]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body.replace(b"550", b"551"), signature, SECRET)


def test_held_webhooks_are_released_shuffled_and_doubled(town: Town) -> None:
    town.local("POST", "webhooks", {"hold": True})
    household = town.household()
    paid = [town.charge(household, amount=500 + number) for number in range(6)]
    assert town.outbox.received == []
    asked = {"order": "shuffled", "seed": 3, "duplicates": 1}
    sent = town.local("POST", "webhooks/liberer", asked)["delivered"]
    assert [row["status"] for row in sent] == [200] * 12
    arrived = [event.data.object["amount"] for event in events_of(town.outbox, household[0])]
    assert sorted(arrived) == sorted([intent.amount for intent in paid] * 2)
    assert arrived != sorted(arrived)
    assert town.local("GET", "webhooks")["waiting"] == []


def test_a_replayed_webhook_can_be_old_or_forged(town: Town) -> None:
    household = town.household()
    town.charge(household)
    wait_for(lambda: events_of(town.outbox, household[0]))
    event = events_of(town.outbox, household[0])[0].id
    town.outbox.forget()
    town.local("POST", "webhooks/rejouer", {"event": event, "age": 400})
    town.local("POST", "webhooks/rejouer", {"event": event, "secret": "whsec_other"})
    for body, signature in town.outbox.received:
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, signature, SECRET)
    assert len(town.outbox.received) == 2


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_state_survives_the_end_of_the_process(mortal: Town, how: int) -> None:
    household, key = mortal.household(), secrets.token_hex(8)
    mortal.outbox.forget()
    mortal.local("POST", "webhooks", {"hold": True})
    paid = mortal.charge(household, key)
    seconds = mortal.outside.end(how)
    assert how == signal.SIGKILL or (seconds < 3 and mortal.outside.process and mortal.outside.process.returncode == 0)
    mortal.outside.start()
    assert mortal.charge(household, key).id == paid.id
    assert len(mortal.intents(household[0])) == 1
    wait_for(lambda: events_of(mortal.outbox, household[0]))


def test_the_clock_of_objects_follows_the_shift_file_but_signatures_do_not(outbox: Receiver, tmp_path: Path) -> None:
    shift = tmp_path / "shift"
    shift.write_text("864000.5")
    options = [*arguments(outbox, tmp_path / "s.sqlite"), "--clock-shift-file", str(shift)]
    for outside in running(Outside("demo.stripe_local", options, free_port(), "/_local/sante")):
        town = Town(outside, outbox)
        household = town.household()
        late = town.charge(household)
        shift.unlink()
        assert 860_000 < late.created - town.charge(household).created < 868_000
        wait_for(lambda: len(events_of(outbox, household[0])) == 2)  # noqa: B023
    assert json.loads(outbox.received[-1][0])["livemode"] is False

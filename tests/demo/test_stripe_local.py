"""The local Stripe, a real process, driven by the real `stripe` library and by its hosted pages' forms."""

import json
import secrets
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from tests.demo.outside_world import Outside, Receiver, free_port, running, wait_for

SECRET = "whsec_of_the_tests"
KEY = "sk_test_of_the_tests"
OK = "4242424242424242"


@dataclass
class Town:
    """A running Stripe, the library bound to it, and the endpoint of its webhooks."""

    outside: Outside
    outbox: Receiver

    def client(self, retries: int = 0, seconds: float = 5) -> stripe.StripeClient:
        http = stripe.RequestsClient(timeout=seconds)
        bases: Any = {"api": self.outside.url}
        return stripe.StripeClient(KEY, base_addresses=bases, http_client=http, max_network_retries=retries)

    def local(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.outside.url}/_local/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def fault(self, kind: str, **more: Any) -> None:
        self.local("POST", "pannes", {"kind": kind, **more})

    def household(self, number: str = OK, **more: Any) -> tuple[str, str]:
        """A new customer and its saved card, by the bulk import."""
        mark = secrets.token_hex(6)
        row = {"customer": f"cus_{mark}", "payment_method": f"pm_{mark}", "number": number, "name": "Famille", **more}
        self.local("POST", "semer", [row])
        return row["customer"], row["payment_method"]

    def charge(self, household: tuple[str, str], key: str | None = None, amount: int = 550, **how: Any) -> Any:
        options: Any = {"idempotency_key": key or secrets.token_hex(8)}
        wanted: Any = {"amount": amount, "currency": "eur", "customer": household[0], "payment_method": household[1]}
        wanted |= {"confirm": True, "off_session": True, "metadata": {"echeance": "12"}, "expand": ["latest_charge"]}
        return self.client(**how).v1.payment_intents.create(wanted, options)

    def intents(self, customer: str) -> list[stripe.PaymentIntent]:
        return list(self.client().v1.payment_intents.list({"customer": customer}).auto_paging_iter())

    def session(self, customer: str, **more: Any) -> Any:
        wanted: Any = {"customer": customer, "success_url": "http://site/ok?s={CHECKOUT_SESSION_ID}"}
        wanted |= {"cancel_url": "http://site/non", "mode": "setup", "currency": "eur", **more}
        return self.client().v1.checkout.sessions.create(wanted)


def arguments(outbox: Receiver, state: Path) -> list[str]:
    hooks = ["--webhook-url", outbox.url, "--webhook-secret", SECRET]
    return ["--state", str(state), "--secret-key", KEY, *hooks]


@pytest.fixture(scope="module")
def shared(outbox: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    state = tmp_path_factory.mktemp("stripe") / "stripe.sqlite"
    for outside in running(Outside("demo.stripe_local", arguments(outbox, state), free_port(), "/_local/sante")):
        yield Town(outside, outbox)


@pytest.fixture
def town(shared: Town) -> Town:
    """The shared Stripe, mended, its webhooks prompt, nothing left to deliver."""
    shared.local("DELETE", "pannes")
    prompt = {"hold": False, "shuffle": False, "duplicates": 0, "delay_ms": 0, "jitter_ms": 0, "retry_ms": 20}
    shared.local("POST", "webhooks", prompt)
    assert shared.local("POST", "webhooks/attendre", {"ms": 5000}) == {"waiting": 0}
    shared.outbox.forget()
    return shared


@pytest.fixture
def mortal(outbox: Receiver, tmp_path: Path) -> Iterator[Town]:
    """A Stripe of this test's own, that it may kill."""
    outside = Outside("demo.stripe_local", arguments(outbox, tmp_path / "stripe.sqlite"), free_port(), "/_local/sante")
    for started in running(outside):
        yield Town(started, outbox)


def send_card(url: str, number: str = OK, **more: str) -> requests.Response:
    form = {"number": number, "expiry": "12 / 34", "cvc": "123", "name": "Amina", **more}
    return requests.post(url, data=form, allow_redirects=False, timeout=5)


def answer_bank(url: str, answer: str) -> requests.Response:
    return requests.post(f"{url}/3ds", data={"reponse": answer}, allow_redirects=False, timeout=5)


def events_of(outbox: Receiver, customer: str) -> list[stripe.Event]:
    """The verified events about a customer, in the order of their arrival."""
    build: Callable[..., stripe.Event] = stripe.Webhook.construct_event
    events = [build(body, signature, SECRET) for body, signature in list(outbox.received)]
    return [event for event in events if event.data.object["customer"] == customer]


def test_a_card_saved_on_the_hosted_page_is_charged_without_the_family(town: Town) -> None:
    client = town.client()
    customer = client.v1.customers.create({"name": "Amina Belkacem", "metadata": {"foyer": "12"}})
    session = town.session(customer.id)
    assert "aucune carte réelle" in requests.get(session.url, timeout=5).text
    answer = send_card(session.url, "4242 4242 4242 4242")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"http://site/ok?s={session.id}")
    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent.payment_method"]})
    assert done.status == "complete"
    assert isinstance(done.setup_intent, stripe.SetupIntent)
    method = done.setup_intent.payment_method
    assert isinstance(method, stripe.PaymentMethod)
    assert method.card is not None
    assert (method.card.brand, method.card.last4, method.card.exp_year, method.customer) == (
        "visa",
        "4242",
        2034,
        customer.id,
    )
    paid = town.charge((customer.id, method.id))
    assert (paid.status, paid.amount_received, paid.metadata["echeance"]) == ("succeeded", 550, "12")
    assert (paid.latest_charge.amount_captured, paid.livemode) == (550, False)
    assert [intent.id for intent in town.intents(customer.id)] == [paid.id]


def test_an_authentication_at_the_saving_covers_the_charges_to_come(town: Town) -> None:
    customer, _ = town.household()
    session = town.session(customer)
    assert send_card(session.url, "4000002500003155").headers["Location"].endswith("/3ds")
    assert answer_bank(session.url, "refuser").status_code == 402
    assert send_card(session.url, "4000002500003155").status_code == 303
    assert answer_bank(session.url, "authentifier").headers["Location"] == f"http://site/ok?s={session.id}"
    setup = town.client().v1.setup_intents.retrieve(session.setup_intent)
    assert town.charge((customer, str(setup.payment_method))).status == "succeeded"


@pytest.mark.parametrize("number", ["4000000000000002", "4000000000009995", "4242424242424241", "4539578763621486", ""])
def test_the_hosted_page_says_kindly_that_a_card_cannot_be_saved(town: Town, number: str) -> None:
    customer, _ = town.household()
    session = town.session(customer)
    answer = send_card(session.url, number)
    assert answer.status_code in {402, 422}
    assert 'role="alert"' in answer.text or 'class="faute"' in answer.text
    assert town.client().v1.checkout.sessions.retrieve(session.id).status == "open"


def test_what_a_person_types_is_escaped_and_never_breaks_the_page(town: Town) -> None:
    customer, _ = town.household()
    session = town.session(customer)
    answer = send_card(session.url, "<script>", expiry="99/99", cvc="é", name="<u>" * 1000)
    assert answer.status_code == 422
    assert "<script>" not in answer.text
    assert "<u>" not in answer.text
    assert requests.get(f"{town.outside.url}/c/pay/cs_test_rien", timeout=5).status_code == 404


def test_a_payment_on_the_hosted_page_can_fail_then_succeed_once(town: Town) -> None:
    customer, _ = town.household()
    price = {"currency": "eur", "unit_amount": 550, "product_data": {"name": "Panier du 19 novembre"}}
    data = {"metadata": {"foyer": "12"}}
    lines = [{"price_data": price, "quantity": 2}]
    session = town.session(customer, mode="payment", line_items=lines, payment_intent_data=data)
    assert (session.amount_total, session.payment_status) == (1100, "unpaid")
    assert "Rien n’a été débité" in send_card(session.url, "4000000000009995").text
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send_card, [session.url] * 4))
    assert {answer.headers["Location"] for answer in answers} == {f"http://site/ok?s={session.id}"}
    (intent,) = town.intents(customer)
    assert (intent.status, intent.amount_received, intent.metadata.to_dict()) == ("succeeded", 1100, {"foyer": "12"})
    done = town.client().v1.checkout.sessions.retrieve(session.id)
    assert (done.payment_status, done.payment_intent) == ("paid", intent.id)


def test_an_expired_session_takes_no_card(town: Town) -> None:
    customer, _ = town.household()
    session = town.session(customer)
    town.client().v1.checkout.sessions.expire(session.id)
    assert requests.get(session.url, timeout=5).status_code == 410
    assert send_card(session.url).status_code == 410


@pytest.mark.parametrize(
    ("number", "code", "decline"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000000341", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("4000000000000119", "processing_error", "processing_error"),
        ("4000002760003184", "authentication_required", "authentication_required"),
    ],
)
def test_each_refusal_of_the_bank_has_its_codes(town: Town, number: str, code: str, decline: str) -> None:
    household = town.household(number)
    with pytest.raises(stripe.CardError) as refused:
        town.charge(household)
    body: Any = refused.value.json_body
    error = body["error"]
    assert (refused.value.http_status, error["code"], error["decline_code"]) == (402, code, decline)
    (intent,) = town.intents(household[0])
    assert error["payment_intent"]["id"] == intent.id
    assert (intent.status, intent.amount_received) == ("requires_payment_method", 0)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == decline


def test_a_card_can_change_its_mind(town: Town) -> None:
    household = town.household("4000000000009995")
    town.local("POST", f"cartes/{household[1]}", {"outcome": "ok"})
    assert town.charge(household).status == "succeeded"
    town.local("POST", f"cartes/{household[1]}", {"outcome": "do_not_honor"})
    with pytest.raises(stripe.CardError, match="declined"):
        town.charge(household)


def test_a_payment_with_the_family_present_is_authenticated_at_its_bank(town: Town) -> None:
    customer, method = town.household("4000002760003184")
    wanted: Any = {"amount": 550, "currency": "eur", "customer": customer, "payment_method": method, "confirm": True}
    intent: Any = town.client().v1.payment_intents.create(wanted | {"return_url": "http://site/retour"})
    assert intent.status == "requires_action"
    page = intent.next_action.redirect_to_url.url
    answer = requests.post(page, data={"reponse": "authentifier"}, allow_redirects=False, timeout=5)
    assert answer.headers["Location"].startswith(f"http://site/retour?payment_intent={intent.id}&")
    assert town.intents(customer)[0].status == "succeeded"


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


def test_refunds_never_exceed_the_charge(town: Town) -> None:
    household = town.household()
    paid = town.charge(household, amount=900)
    client = town.client()

    def refund(_: int) -> bool:
        try:
            client.v1.refunds.create({"payment_intent": paid.id, "amount": 200})
        except stripe.InvalidRequestError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(refund, range(8))) == 4
    client.v1.refunds.create({"charge": paid.latest_charge.id})
    with pytest.raises(stripe.InvalidRequestError) as spent:
        client.v1.refunds.create({"payment_intent": paid.id})
    assert spent.value.code == "charge_already_refunded"
    given = list(client.v1.refunds.list({"payment_intent": paid.id}).auto_paging_iter())
    assert sum(row.amount for row in given) == 900
    assert client.v1.charges.retrieve(paid.latest_charge.id).refunded is True


def test_lists_are_paged_newest_first(town: Town) -> None:
    household = town.household()
    made = [town.charge(household, amount=500 + number).id for number in range(5)]
    page = town.client().v1.payment_intents.list({"customer": household[0], "limit": 2})
    assert page.has_more is True
    assert [intent.id for intent in page.auto_paging_iter()] == made[::-1]


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({"amount": "550", "currency": "eur", "colour": "red"}, 400, "parameter_unknown"),
        ({"currency": "eur"}, 400, "parameter_missing"),
        ({"amount": "5,50", "currency": "eur"}, 400, "parameter_invalid_integer"),
        ({"amount": "3", "currency": "eur"}, 400, "amount_too_small"),
        ({"amount": "550", "currency": "eur", "customer": "cus_nobody"}, 400, "resource_missing"),
        ({"amount[x]": "550", "currency": "eur"}, 400, None),
        ({"amount": "550", "currency": "eur", "a" + "[b]" * 40: "1"}, 400, None),
    ],
)
def test_wrong_parameters_are_named(town: Town, wanted: dict[str, str], status: int, code: str | None) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    answer = requests.post(f"{town.outside.url}/v1/payment_intents", data=wanted, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()["error"].get("code")) == (status, code)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("pannes", {"kind": "fire"}),
        ("pannes", {"kind": "delay", "colour": 1}),
        ("webhooks", {"hold": "yes"}),
        ("latence", {}),
        ("semer", [{"customer": "cus_x", "payment_method": "pm_x", "number": "1234"}]),
    ],
)
def test_the_control_surface_refuses_what_it_does_not_know(town: Town, path: str, body: Any) -> None:
    answer = requests.post(f"{town.outside.url}/_local/{path}", json=body, timeout=5)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_another_key_or_route_is_refused(town: Town) -> None:
    answer = requests.get(f"{town.outside.url}/v1/customers", headers={"Authorization": "Bearer sk_live"}, timeout=5)
    assert answer.status_code == 401
    with pytest.raises(stripe.InvalidRequestError) as missing:
        town.client().v1.payment_intents.retrieve("pi_nothing")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
    assert requests.post(f"{town.outside.url}/_local/pannes", data={"kind": "drop_after"}, timeout=5).status_code == 415


def test_a_town_is_seeded_in_one_request(town: Town) -> None:
    mark = secrets.token_hex(4)
    people = [
        {"customer": f"cus_{mark}{n}", "payment_method": f"pm_{mark}{n}", "number": OK, "name": "É"} for n in range(600)
    ]
    past = [
        {
            "id": f"pi_{mark}",
            "customer": f"cus_{mark}0",
            "payment_method": f"pm_{mark}0",
            "amount": 700,
            "created": 1_790_000_000,
        }
    ]
    body = {"customers": people, "payments": past}
    assert town.local("POST", "semer", body) == {"customers": 600, "payments": 1}
    assert town.local("POST", "semer", body) == {"customers": 600, "payments": 1}
    assert [(row.amount, row.created) for row in town.intents(f"cus_{mark}0")] == [(700, 1_790_000_000)]
    assert town.charge((f"cus_{mark}599", f"pm_{mark}599")).status == "succeeded"
    assert sum(row["id"] == f"pi_{mark}" for row in town.local("GET", "objets/payment_intent")) == 1


def test_the_dashboard_lists_payments_for_people(town: Town) -> None:
    town.charge(town.household(), amount=123_456)
    page = requests.get(town.outside.url, timeout=5)
    assert page.status_code == 200
    assert "1\u202f234,56\u00a0€" in page.text


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

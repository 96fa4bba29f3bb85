"""The local Stripe: cards, hosted pages, refusals, refunds, lists, by the real `stripe` library."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import stripe

from tests.demo.stripe_town import KEY, OK, Town, answer_bank, send_card


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


def test_an_imported_mandate_is_debited_and_the_bank_answers_later(town: Town) -> None:
    customer, _ = town.household()
    account, mandate = customer.replace("cus", "pm_sepa"), customer.replace("cus", "mandate")
    row = {"customer": customer, "payment_method": account, "mandate": mandate, "reference": "DEMO000001"}
    body = {"mandates": [row | {"iban": "FR1420041010050500013M02606"}]}
    for _time in range(2):
        town.local("POST", "semer", body)
    signed = town.client().v1.mandates.retrieve(mandate)
    assert (signed.payment_method, signed.payment_method_details.sepa_debit.reference) == (account, "DEMO000001")  # type: ignore[union-attr]
    wanted: Any = {"amount": 550, "currency": "eur", "customer": customer, "payment_method": account}
    wanted |= {"payment_method_types": ["sepa_debit"], "confirm": True, "off_session": True, "mandate": mandate}
    assert town.client().v1.payment_intents.create(wanted).status == "processing"

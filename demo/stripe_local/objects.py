"""The JSON of each Stripe object when it is born, with the fields that the API always shows."""

from typing import Any

from demo.stripe_local.cards import Card
from demo.stripe_local.errors import Json
from demo.stripe_local.params import names
from demo.stripe_local.storage import new_id


def _base(kind: str, id: str, created: int, **fields: Any) -> Json:
    return {"id": id, "object": kind, "created": created, "livemode": False, **fields}


def listing(url: str, rows: list[Json], *, has_more: bool) -> Json:
    return {"object": "list", "url": url, "has_more": has_more, "data": rows}


def customer(created: int, fields: Json, *, id: str | None = None) -> Json:
    empty: Json = {"address": None, "description": None, "email": None, "name": None, "phone": None, "shipping": None}
    settings = {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None}
    given = {name: value for name, value in fields.items() if value is not None}
    return _base(
        "customer",
        id or new_id("cus", 14),
        created,
        **empty
        | {"balance": 0, "currency": None, "default_source": None, "delinquent": False, "discount": None}
        | {
            "invoice_settings": settings,
            "metadata": {},
            "preferred_locales": ["fr"],
            "tax_exempt": "none",
            "test_clock": None,
        }
        | given,
    )


def billing(name: str | None = None, email: str | None = None) -> Json:
    return {"address": None, "email": email, "name": name, "phone": None, "tax_id": None}


def card_method(created: int, card: Card, expiry: tuple[int, int], owner: Json, *, id: str | None = None) -> Json:
    """A saved card; `expiry` is (month, year)."""
    details = {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": expiry[0],
        "exp_year": expiry[1],
        "fingerprint": f"local{card.number[:6]}{card.last4}",
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    return payment_method(created, "card", details, owner, id=id)


def payment_method(created: int, kind: str, details: Json, owner: Json, *, id: str | None = None) -> Json:
    """A way to pay of that kind, with the hash that bears the kind's name."""
    fields = {"allow_redisplay": "limited", "billing_details": owner, kind: details, "customer": None, "metadata": {}}
    return _base("payment_method", id or new_id("pm"), created, type=kind, **fields)


def method_private(card: Card, *, authenticated: bool = False, outcome: str | None = None) -> Json:
    """How the bank behaves for this card, which the API never shows."""
    return {
        "outcome": outcome or card.outcome,
        "authentication": card.authentication,
        "attaches": card.attaches,
        "authenticated": authenticated,
    }


def payment_intent(created: int, amount: int, currency: str, fields: Json) -> Json:
    made = new_id("pi")
    empty: Json = dict.fromkeys(
        names(
            "application application_fee_amount automatic_payment_methods canceled_at"
            " cancellation_reason customer description last_payment_error latest_charge next_action"
            " on_behalf_of payment_method processing receipt_email review setup_future_usage shipping"
            " source statement_descriptor statement_descriptor_suffix transfer_data transfer_group"
        )
    )
    plain = {"amount": amount, "amount_capturable": 0, "amount_details": {"tip": {}}, "amount_received": 0}
    plain |= {
        "capture_method": "automatic_async",
        "confirmation_method": "automatic",
        "currency": currency,
        "metadata": {},
    }
    plain |= {"client_secret": new_id(f"{made}_secret"), "payment_method_options": {}, "payment_method_types": ["card"]}
    return _base("payment_intent", made, created, **empty | plain | {"status": "requires_payment_method"} | fields)


def setup_intent(created: int, fields: Json) -> Json:
    made = new_id("seti")
    empty: Json = dict.fromkeys(
        names(
            "application automatic_payment_methods cancellation_reason customer description"
            " flow_directions last_setup_error latest_attempt mandate next_action on_behalf_of"
            " payment_method single_use_mandate"
        )
    )
    plain = {"client_secret": new_id(f"{made}_secret"), "metadata": {}, "payment_method_options": {}}
    plain |= {"payment_method_types": ["card"], "status": "requires_payment_method", "usage": "off_session"}
    return _base("setup_intent", made, created, **empty | plain | fields)


def charge(created: int, intent: Json, method: Json, *, error: Json | None) -> Json:
    """One try at taking the intent's amount; `error` is the bank's no."""
    paid = error is None
    taken = intent["amount"] if paid else 0
    kind = method["type"]
    shown = names("brand country exp_month exp_year funding last4" if kind == "card" else "bank_code country last4")
    details = {name: method[kind][name] for name in shown}
    fields: Json = {
        "amount": intent["amount"],
        "amount_captured": taken,
        "amount_refunded": 0,
        "balance_transaction": new_id("txn") if paid else None,
        "billing_details": method["billing_details"],
        "captured": paid,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": error["code"] if error else None,
        "failure_message": error["message"] if error else None,
        "fraud_details": {},
        "metadata": intent["metadata"],
        "outcome": _outcome(error),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": kind, kind: details},
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "status": "succeeded" if paid else "failed",
    }
    return _base("charge", new_id("ch"), created, **fields)


def _outcome(error: Json | None) -> Json:
    if error is None:
        return {"network_status": "approved_by_network", "reason": None, "risk_level": "normal", "type": "authorized"}
    return {
        "network_status": "declined_by_network",
        "reason": error["decline_code"],
        "risk_level": "normal",
        "type": "issuer_declined",
    }


def balance_transaction(created: int, id: str, source: Json, cents: int) -> Json:
    """What moved on the account's balance, and what that costs: nothing for a refund or a payout."""
    kind, currency = source["object"], source["currency"]
    fee = _fee(source, cents)
    fields: Json = {"amount": cents, "available_on": created + 3 * 86400, "currency": currency, "description": None}
    category = "dispute_reversal" if kind == "dispute" and cents > 0 else kind
    fields |= {"fee": fee, "fee_details": [], "net": cents - fee, "reporting_category": category}
    body = _base("balance_transaction", id, created, **fields, source=source["id"], status="pending")
    body["type"] = "adjustment" if kind == "dispute" else kind
    return {name: value for name, value in body.items() if name != "livemode"}


def _fee(source: Json, cents: int) -> int:
    """Centimes: 1.5 % and 25 for a card, 35 for a SEPA debit, 1,500 for a payment that a bank takes back."""
    if source["object"] == "charge":
        by_debit = source["payment_method_details"]["type"] == "sepa_debit"
        return 35 if by_debit else 25 + (cents * 15 + 999) // 1000
    return 1_500 if source["object"] == "dispute" and cents < 0 else 0


def refund(created: int, charged: Json, cents: int, reason: str | None, metadata: dict[str, str]) -> Json:
    fields: Json = {
        "amount": cents,
        "balance_transaction": new_id("txn"),
        "charge": charged["id"],
        "currency": charged["currency"],
        "destination_details": {"type": "card", "card": {"type": "refund"}},
        "metadata": metadata,
        "payment_intent": charged["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "status": "succeeded",
    }
    body = _base("refund", new_id("re"), created, **fields)
    return {name: value for name, value in body.items() if name != "livemode"}


def checkout_session(created: int, mode: str, url_root: str, fields: Json) -> Json:
    made = new_id("cs_test", 58)
    empty: Json = dict.fromkeys(
        names(
            "after_expiration amount_subtotal amount_total cancel_url client_reference_id client_secret"
            " consent currency customer customer_creation customer_details customer_email invoice"
            " payment_intent payment_link recovered_from setup_intent shipping_cost submit_type"
            " subscription success_url total_details"
        )
    )
    plain = {
        "locale": "fr",
        "metadata": {},
        "payment_method_types": ["card"],
        "status": "open",
        "ui_mode": "hosted_page",
    }
    paid = "unpaid" if mode == "payment" else "no_payment_required"
    return _base(
        "checkout.session", made, created, **empty | plain | {"mode": mode, "payment_status": paid} | fields
    ) | {"url": f"{url_root}/c/pay/{made}"}

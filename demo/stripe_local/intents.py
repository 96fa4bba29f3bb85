"""What confirming an intent does: the bank says yes, says no, or wants to see the cardholder first."""

from typing import Any

from demo.stripe_local import objects, sepa
from demo.stripe_local.cards import CARDS, OK, TOKENS, refusal
from demo.stripe_local.errors import ApiError, Declined, Json, missing_object, unexpected_state
from demo.stripe_local.storage import Tx

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def usable_method(tx: Tx, id: str) -> Json:
    """The payment method `id`; a `pm_card_…` token of Stripe's documentation makes a new one."""
    if id in TOKENS:
        card = CARDS[TOKENS[id]]
        return tx.put(objects.card_method(tx.now(), card, (12, 2034), objects.billing()), objects.method_private(card))
    found = tx.find(id, "payment_method")
    if found is None:
        raise missing_object("PaymentMethod", id, param="payment_method")
    return found


def check_owner(method: Json, customer: str | None) -> None:
    """A saved card pays only for the customer it belongs to."""
    if method["customer"] is not None and method["customer"] != customer:
        message = (
            f"The PaymentMethod {method['id']} does not belong to the Customer you supplied."
            if customer
            else "The PaymentMethod is attached to a Customer; please include the Customer in the `customer` parameter."
        )
        raise ApiError(message, param="payment_method")


def attach(tx: Tx, method: Json, customer: str, *, authenticated: bool = False) -> Json:
    """Save a card for a customer. Raises Declined for the cards that banks refuse to save."""
    private = tx.private(method["id"])
    if not private["attaches"] and private["outcome"] != OK:
        raise Declined(refusal(private["outcome"]) | {"payment_method": method})
    private["authenticated"] = private["authenticated"] or authenticated
    if method["customer"] != customer:
        method["customer"] = customer
        tx.emit("payment_method.attached", method)
    return tx.put(method, private)


def confirm_payment(
    tx: Tx,
    intent: Json,
    method: Json,
    *,
    off_session: bool = False,
    no_action: bool = False,
    authenticated: bool = False,
) -> Json:
    """Try to take the intent's amount from `method`.

    Raises Declined when the bank says no, and when it wants an authentication that cannot happen (`off_session`,
    `no_action`); the intent and its failed charge are recorded all the same. Otherwise the intent comes back
    succeeded, or `requires_action`.
    """
    if intent["status"] not in OPEN:
        message = f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}."
        raise unexpected_state("payment_intent", message, intent)
    check_owner(method, intent["customer"])
    intent["payment_method"] = method["id"]
    if method["type"] == "sepa_debit":
        return sepa.start(tx, intent, method)
    private = tx.private(method["id"])
    if not authenticated and _wants_authentication(private, off_session=off_session):
        if off_session or no_action:
            raise _refused_payment(tx, intent, method, "authentication_required")
        return _ask(tx, intent, "payment_intent")
    if private["outcome"] != OK:
        raise _refused_payment(tx, intent, method, private["outcome"])
    return _paid(tx, intent, method, authenticated=authenticated)


def confirm_setup(tx: Tx, intent: Json, method: Json, *, authenticated: bool = False) -> Json:
    """Save `method` for later; succeeded, or `requires_action`. Raises Declined when the bank refuses."""
    if intent["status"] not in OPEN:
        message = f"You cannot confirm this SetupIntent because it has a status of {intent['status']}."
        raise unexpected_state("setup_intent", message, intent)
    check_owner(method, intent["customer"])
    intent["payment_method"] = method["id"]
    private = tx.private(method["id"])
    refused = private["outcome"] != OK and not private["attaches"]
    if refused:
        raise fail_setup(tx, intent, refusal(private["outcome"]) | {"payment_method": method})
    if not authenticated and private["authentication"] != "never":
        return _ask(tx, intent, "setup_intent")
    if intent["customer"]:
        attach(tx, method, intent["customer"], authenticated=True)
    if method["type"] == "sepa_debit":
        intent["mandate"] = sepa.sign(tx, method)
    intent |= {"status": "succeeded", "next_action": None, "last_setup_error": None}
    tx.put(intent)
    tx.emit("setup_intent.succeeded", intent)
    return intent


def settle_debit(tx: Tx, intent: Json, outcome: str | None = None) -> Json:
    """The bank answers a SEPA debit: the money comes, or `outcome` says why not (by default as its account would)."""
    method = tx.find(intent["payment_method"]) or {}
    said = outcome or tx.private(method["id"])["outcome"]
    charged = tx.find(intent["latest_charge"]) or {}
    if said == OK:
        tx.put(charged | {"paid": True, "status": "succeeded"})
        book(tx, charged["balance_transaction"], charged, intent["amount"])
        intent |= {"status": "succeeded", "amount_received": intent["amount"]}
        tx.put(intent)
        tx.emit("charge.succeeded", charged)
        tx.emit("payment_intent.succeeded", intent)
        return intent
    error = sepa.failure(said, method)
    tx.put(charged | {"status": "failed", "failure_code": said, "balance_transaction": None})
    intent |= _waiting({"last_payment_error": error})
    tx.put(intent)
    tx.emit("charge.failed", charged)
    tx.emit("payment_intent.payment_failed", intent)
    return intent


def refuse_authentication(tx: Tx, intent: Json) -> None:
    """The cardholder said no to their bank: the intent waits for another card."""
    name = intent["object"]
    message = (
        "We are unable to authenticate your payment method. Please choose a different payment method and try again."
    )
    error: Json = {"code": f"{name}_authentication_failure", "message": message, "type": "invalid_request_error"}
    error["payment_method"] = tx.find(intent["payment_method"])
    if name == "setup_intent":
        fail_setup(tx, intent, error)
    else:
        intent |= _waiting({"last_payment_error": error})
        tx.put(intent)
        tx.emit("payment_intent.payment_failed", intent)


def fail_setup(tx: Tx, intent: Json, error: Json) -> Declined:
    intent |= _waiting({"last_setup_error": error})
    tx.put(intent)
    tx.emit("setup_intent.setup_failed", intent)
    return Declined(error | {"setup_intent": {**intent}})


def cancel(tx: Tx, intent: Json, reason: str | None = None) -> Json:
    name = intent["object"]
    if intent["status"] not in OPEN:
        message = f"You cannot cancel this intent because it has a status of {intent['status']}."
        raise unexpected_state(name, message, intent)
    intent |= {"status": "canceled", "cancellation_reason": reason, "next_action": None}
    if name == "payment_intent":
        intent["canceled_at"] = tx.now()
    tx.put(intent)
    tx.emit(f"{name}.canceled", intent)
    return intent


def _wants_authentication(private: Json, *, off_session: bool) -> bool:
    if private["authentication"] == "setup":
        return not private["authenticated"]
    return bool(private["authentication"] == "always")


def _waiting(fields: dict[str, Any]) -> dict[str, Any]:
    return {"status": "requires_payment_method", "payment_method": None, "next_action": None, **fields}


def _ask(tx: Tx, intent: Json, name: str) -> Json:
    private = tx.private(intent["id"])
    page = f"{private.get('url_root', '')}/3ds/{intent['id']}"
    redirect = {"return_url": private.get("return_url"), "url": page}
    intent |= {"status": "requires_action", "next_action": {"type": "redirect_to_url", "redirect_to_url": redirect}}
    tx.put(intent)
    tx.emit(f"{name}.requires_action", intent)
    return intent


def _refused_payment(tx: Tx, intent: Json, method: Json, outcome: str) -> Declined:
    error = refusal(outcome)
    charged = objects.charge(tx.now(), intent, method, error=error)
    tx.put(charged)
    error |= {"charge": charged["id"], "payment_method": method}
    intent |= _waiting({"latest_charge": charged["id"], "last_payment_error": error})
    tx.put(intent)
    tx.emit("charge.failed", charged)
    tx.emit("payment_intent.payment_failed", intent)
    return Declined(error | {"payment_intent": {**intent}})


def _paid(tx: Tx, intent: Json, method: Json, *, authenticated: bool) -> Json:
    if intent["customer"] and intent["setup_future_usage"]:
        attach(tx, method, intent["customer"], authenticated=authenticated)
    charged = objects.charge(tx.now(), intent, method, error=None)
    tx.put(charged)
    book(tx, charged["balance_transaction"], charged, intent["amount"])
    intent |= {"status": "succeeded", "latest_charge": charged["id"], "amount_received": intent["amount"]}
    intent |= {"next_action": None, "last_payment_error": None}
    tx.put(intent)
    tx.emit("charge.succeeded", charged)
    tx.emit("payment_intent.succeeded", intent)
    return intent


def book(tx: Tx, id: str, source: Json, cents: int) -> None:
    """The movement of the account's balance that `source` (a charge or a refund) causes."""
    tx.put(objects.balance_transaction(tx.now(), id, source, cents))

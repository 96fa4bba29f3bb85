"""Giving money back: never more than what a charge took."""

from demo.stripe_local import objects
from demo.stripe_local.errors import ApiError, Json, missing_object
from demo.stripe_local.intents import book
from demo.stripe_local.params import Params
from demo.stripe_local.storage import Tx, new_id

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def refund(tx: Tx, params: Params) -> Json:
    """Refund `amount` cents (all that is left, by default) of a charge or of an intent's charge."""
    params.only("amount", "charge", "currency", "metadata", "payment_intent", "reason")
    asked = params.integer("amount")
    if asked is not None and asked < 1:
        raise ApiError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    reason = params.one_of("reason", REASONS, "requested_by_customer") if "reason" in params else None
    metadata = params.metadata()
    charged = _charge(tx, params)
    left = charged["amount_captured"] - charged["amount_refunded"]
    if left == 0:
        message = f"Charge {charged['id']} has already been refunded."
        raise ApiError(message, code="charge_already_refunded", kept=True)
    cents = left if asked is None else asked
    if cents > left:
        message = f"Refund amount (€{cents / 100:.2f}) is greater than unrefunded amount on charge (€{left / 100:.2f})"
        raise ApiError(message, code="amount_too_large", param="amount", kept=True)
    return _record(tx, charged, objects.refund(tx.now(), charged, cents, reason, metadata))


def fail_refund(tx: Tx, given_back: Json, reason: str) -> Json:
    """The cardholder's bank cannot take the money: days later it is back on our balance, and may go back otherwise."""
    if given_back["status"] != "succeeded":
        raise ValueError("only a refund that was made can fail")
    returned = new_id("txn")
    given_back |= {"status": "failed", "failure_reason": reason, "failure_balance_transaction": returned}
    tx.put(given_back)
    book(tx, returned, given_back, given_back["amount"])
    charged = tx.find(given_back["charge"], "charge") or {}
    charged["amount_refunded"] -= given_back["amount"]
    tx.put(charged | {"refunded": False})
    tx.emit("refund.failed", given_back)
    return given_back


def _charge(tx: Tx, params: Params) -> Json:
    charge, intent = params.text("charge"), params.text("payment_intent")
    if not charge and not intent:
        raise ApiError("One of the following params should be provided: payment_intent or charge.")
    if intent and not charge:
        found = tx.find(intent, "payment_intent")
        if found is None:
            raise missing_object("payment_intent", intent, param="payment_intent")
        charge = found["latest_charge"] if found["status"] == "succeeded" else None
        if charge is None:
            raise ApiError(f"This PaymentIntent ({intent}) does not have a successful charge to refund.", kept=True)
    charged = tx.find(charge or "", "charge")
    if charged is None:
        raise missing_object("charge", charge or "", param="charge")
    if not charged["paid"]:
        raise ApiError(f"Charge {charged['id']} has not been captured and cannot be refunded.", kept=True)
    return charged


def _record(tx: Tx, charged: Json, given_back: Json) -> Json:
    tx.put(given_back)
    book(tx, given_back["balance_transaction"], given_back, -given_back["amount"])
    before = {"amount_refunded": charged["amount_refunded"], "refunded": charged["refunded"]}
    charged["amount_refunded"] += given_back["amount"]
    charged["refunded"] = charged["amount_refunded"] == charged["amount"]
    tx.put(charged)
    tx.emit("refund.created", given_back)
    tx.emit("charge.refunded", charged, before)
    return given_back

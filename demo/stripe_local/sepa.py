"""SEPA debits: a mandate signed on the hosted page, then payments whose outcome comes days later.

Stripe's public test IBANs. A debit stays ``processing`` until the clock has passed its days (`sweep`), or until a test
settles it (`/_local/sepa`).
"""

import re
from dataclasses import dataclass

from demo.stripe_local import objects
from demo.stripe_local.errors import Json
from demo.stripe_local.storage import Tx, new_id

OK = "ok"
DAY = 86_400
SETTLES_AFTER = 6 * DAY
FAILS_AFTER = 14 * DAY


@dataclass(frozen=True)
class Account:
    iban: str
    outcome: str = OK
    note: str = ""

    @property
    def last4(self) -> str:
        return self.iban[-4:]


ACCOUNTS = {
    account.iban: account
    for account in (
        Account("FR1420041010050500013M02606", note="prélèvement accepté"),
        Account("FR3020041010050500013M02609", note="prélèvement accepté, un autre compte"),
        Account(
            "FR8420041010050500013M02607", "insufficient_funds", "provision insuffisante, connue deux semaines après"
        ),
        Account("FR7920041010050500013M02600", "account_closed", "compte clos, connu deux semaines après"),
    )
}


def compact(iban: str) -> str:
    return re.sub(r"[\s-]", "", iban)[:40].upper()


def method(tx: Tx, account: Account, owner: Json, *, id: str | None = None) -> Json:
    """The account as a payment method, not yet anybody's."""
    shown: Json = {"bank_code": account.iban[4:9], "branch_code": account.iban[9:14], "country": account.iban[:2]}
    shown |= {"fingerprint": f"local{account.iban[-8:]}", "last4": account.last4}
    shown["generated_from"] = {"charge": None, "setup_attempt": None}
    made = objects.payment_method(tx.now(), "sepa_debit", shown, owner, id=id)
    private = {"outcome": account.outcome, "authentication": "never", "attaches": True, "authenticated": True}
    return tx.put(made, private)


def sign(tx: Tx, account: Json, *, id: str | None = None, reference: str | None = None) -> str:
    """A mandate for that account; its id."""
    reference = reference or new_id("", 16).strip("_").upper()
    details = {"type": "sepa_debit", "sepa_debit": {"reference": reference, "url": "https://mandats.exemple.test/"}}
    made: Json = {"id": id or new_id("mandate"), "object": "mandate", "created": tx.now(), "livemode": False}
    made |= {"payment_method": account["id"], "payment_method_details": details, "status": "active"}
    tx.put(made | {"type": "multi_use", "multi_use": {}})
    return str(made["id"])


def start(tx: Tx, intent: Json, account: Json) -> Json:
    """The debit is on its way: nobody knows yet how the bank will answer."""
    outcome = tx.private(account["id"])["outcome"]
    charged = objects.charge(tx.now(), intent, account, error=None)
    charged |= {"paid": False, "captured": True, "status": "pending"}
    tx.put(charged)
    intent |= {"status": "processing", "latest_charge": charged["id"], "next_action": None, "last_payment_error": None}
    days = SETTLES_AFTER if outcome == OK else FAILS_AFTER
    tx.put(intent, tx.private(intent["id"]) | {"settles_at": tx.now() + days})
    tx.emit("payment_intent.processing", intent)
    return intent


def due(tx: Tx) -> list[Json]:
    """The debits whose days are over."""
    return [intent for intent in tx.processing() if tx.private(intent["id"]).get("settles_at", 0) <= tx.now()]


def failure(code: str, account: Json) -> Json:
    said = {"insufficient_funds": "The customer's account has insufficient funds to cover this payment."}
    message = said.get(code, "The customer's bank account could not be debited.")
    error: Json = {"code": "payment_intent_payment_attempt_failed", "decline_code": code, "message": message}
    return error | {"type": "card_error", "payment_method": account}

"""Disputes: a cardholder's bank takes a payment back, at once, and the account may win it back later."""

from demo.stripe_local.errors import Json
from demo.stripe_local.intents import book
from demo.stripe_local.storage import Tx, new_id


def open_dispute(tx: Tx, intent: Json, reason: str, cents: int | None = None) -> Json:
    """The bank takes back `cents` (all, by default) of a payment, even one that was refunded."""
    charged = tx.find(intent["latest_charge"] or "", "charge")
    if charged is None:
        raise ValueError("this payment has taken nothing")
    made: Json = {"id": new_id("dp"), "object": "dispute", "created": tx.now(), "livemode": False}
    made |= {"amount": cents or charged["amount"], "currency": charged["currency"], "charge": charged["id"]}
    made |= {"payment_intent": intent["id"], "reason": reason, "status": "needs_response", "metadata": {}}
    made |= {"is_charge_refundable": False, "balance_transactions": []}
    tx.put(made)
    tx.put(charged | {"disputed": True})
    book(tx, new_id("txn"), made, -made["amount"])
    tx.emit("charge.dispute.created", made)
    return made


def close_dispute(tx: Tx, dispute: Json, status: str) -> Json:
    """``won``: the money comes back; ``lost``: it does not."""
    if status not in ("won", "lost"):
        raise ValueError("a dispute is won or lost")
    dispute["status"] = status
    tx.put(dispute)
    if status == "won":
        book(tx, new_id("txn"), dispute, dispute["amount"])
    tx.emit("charge.dispute.closed", dispute)
    return dispute

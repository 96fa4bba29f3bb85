"""Payouts: once a day what has become available on the balance leaves for the town's bank account."""

from demo.stripe_local import objects
from demo.stripe_local.errors import Json
from demo.stripe_local.storage import Tx, new_id

DAY = 86_400


def pay_out(tx: Tx, *, now: bool = False) -> Json | None:
    """Pay out what is available, once a day; `now`: all that is on the balance, at once. None: nothing to pay."""
    last = tx.page("payout", limit=1).rows
    if not now and last and last[0]["created"] // DAY >= tx.now() // DAY:
        return None
    moved = tx.unpaid(tx.now() + (365 * DAY if now else 0))
    cents = sum(one["net"] for one in moved)
    if cents <= 0:
        return None
    made: Json = {"id": new_id("po"), "object": "payout", "created": tx.now(), "livemode": False, "amount": cents}
    made |= {"arrival_date": tx.now() + 2 * DAY, "automatic": not now, "currency": "eur", "destination": None}
    made |= {"balance_transaction": new_id("txn"), "metadata": {}, "method": "standard", "status": "paid"}
    tx.put(made | {"failure_code": None, "type": "bank_account"})
    for one in moved:
        tx.put(one | {"status": "available"})
    booked = objects.balance_transaction(tx.now(), made["balance_transaction"], made, -cents)
    tx.put(booked | {"status": "available"})
    tx.emit("payout.paid", made)
    return made

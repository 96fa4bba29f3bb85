"""A whole town's saved cards, and its past payments, in one request."""

from typing import Any

from demo.stripe_local import objects, sepa
from demo.stripe_local.cards import CARDS
from demo.stripe_local.errors import Json
from demo.stripe_local.storage import Tx


def seed(tx: Tx, asked: Any) -> Json:
    """Write customers with their cards and, for a hash, past payments; the same ids again overwrite. No event.

    A list of {customer, payment_method, number, name, email?, outcome?, metadata?}, or a hash with that list as
    "customers", "payments": [{id, customer, payment_method, amount, created, charge?, metadata?, description?}] and
    "mandates": [{customer, payment_method, mandate, reference, iban}], of customers that are there.
    """
    town = asked if isinstance(asked, dict) else {"customers": asked}
    customers, payments = town.get("customers", []), town.get("payments", [])
    for row in customers:
        _saved_card(tx, row)
    for row in payments:
        _past_payment(tx, row)
    for row in town.get("mandates", []):
        _mandate(tx, row)
    return {"customers": len(customers), "payments": len(payments)}


def _saved_card(tx: Tx, row: Json) -> None:
    created = row.get("created") or tx.now()
    fields = {"name": row.get("name"), "email": row.get("email"), "metadata": row.get("metadata", {})}
    tx.put(objects.customer(created, fields, id=row["customer"]), {})
    card = CARDS[row.get("number", "4242424242424242")]
    owner = objects.billing(row.get("name"), row.get("email"))
    method = objects.card_method(created, card, (12, 2034), owner, id=row["payment_method"])
    # Saved as through Checkout: the cardholder was there and authenticated.
    private = objects.method_private(card, authenticated=True, outcome=row.get("outcome"))
    tx.put(method | {"customer": row["customer"]}, private)


def _mandate(tx: Tx, row: Json) -> None:
    owner = tx.find(row["customer"], "customer") or {}
    holder = objects.billing(owner.get("name"), owner.get("email"))
    account = sepa.method(tx, sepa.ACCOUNTS[row["iban"]], holder, id=row["payment_method"])
    tx.put(account | {"customer": row["customer"]}, tx.private(account["id"]))
    sepa.sign(tx, account, id=row["mandate"], reference=row["reference"])


def _past_payment(tx: Tx, row: Json) -> None:
    method = tx.find(row["payment_method"], "payment_method")
    if method is None:
        raise KeyError(row["payment_method"])
    fields = {"customer": row["customer"], "metadata": row.get("metadata", {}), "description": row.get("description")}
    intent = objects.payment_intent(row["created"], row["amount"], "eur", fields) | {"id": row["id"]}
    before = tx.find(row["id"], "payment_intent")
    if before is not None:
        return
    charged = objects.charge(row["created"], intent, method, error=None)
    charged |= {"id": row.get("charge", charged["id"])}
    tx.put(charged)
    # On its own day, as the account moved then: the reconciliation goes by days.
    tx.put(objects.balance_transaction(row["created"], charged["balance_transaction"], charged, row["amount"]))
    paid = {"status": "succeeded", "latest_charge": charged["id"], "amount_received": row["amount"]}
    tx.put(intent | paid | {"payment_method": method["id"]}, {})

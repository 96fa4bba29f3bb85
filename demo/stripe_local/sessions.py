"""Checkout sessions: created by the API, carried through by the person on the hosted page, expired by time."""

from demo.stripe_local import objects, sepa
from demo.stripe_local.cards import Card
from demo.stripe_local.errors import ApiError, Json, missing_object
from demo.stripe_local.intents import OPEN, cancel, confirm_payment, confirm_setup
from demo.stripe_local.params import Params, amount, merged, names
from demo.stripe_local.storage import Tx, new_id

DAY = 86_400
_KNOWN = names(
    "automatic_tax billing_address_collection cancel_url client_reference_id currency"
    " custom_text customer customer_creation customer_email customer_update expires_at line_items"
    " locale metadata mode payment_intent_data payment_method_options allowed_payment_method_types"
    " saved_payment_method_options setup_intent_data submit_type success_url ui_mode"
)


def create(tx: Tx, params: Params, url_root: str) -> Json:
    """A session in mode setup or payment, open for 24 hours unless `expires_at` says otherwise (30 minutes to 24 h)."""
    params.only(*_KNOWN)
    mode = params.one_of("mode", ("payment", "setup"), "payment")
    customer = params.text("customer")
    if customer and tx.find(customer, "customer") is None:
        raise missing_object("customer", customer, param="customer")
    if customer and params.text("customer_email"):
        raise ApiError("You may only specify one of these parameters: customer, customer_email.")
    fields: Json = {
        "success_url": params.required("success_url"),
        "cancel_url": params.text("cancel_url"),
        "client_reference_id": params.text("client_reference_id"),
        "customer": customer,
        "customer_email": params.text("customer_email"),
        "expires_at": _expiry(tx, params),
        "metadata": merged({}, params.metadata()),
        "submit_type": params.text("submit_type"),
        "payment_method_types": params.array("allowed_payment_method_types") or ["card"],
    }
    private: Json = {"line_items": [], "shown": _shown_message(params)}
    if mode == "payment":
        private["line_items"] = _lines(params)
        private["intent"] = _intent_data(params, "payment_intent_data")
        total = sum(line["amount_total"] for line in private["line_items"])
        fields |= {"amount_subtotal": total, "amount_total": total, "currency": private["line_items"][0]["currency"]}
        fields["total_details"] = {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}
    else:
        if not params.text("currency") and not params.array("allowed_payment_method_types"):
            raise ApiError("Missing required param: currency.", code="parameter_missing", param="currency")
        setup = objects.setup_intent(tx.now(), _intent_data(params, "setup_intent_data") | {"customer": customer})
        tx.put(setup, {"url_root": url_root})
        tx.emit("setup_intent.created", setup)
        fields |= {"setup_intent": setup["id"], "currency": params.text("currency")}
    return tx.put(objects.checkout_session(tx.now(), mode, url_root, fields), private | {"url_root": url_root})


def _expiry(tx: Tx, params: Params) -> int:
    now = tx.now()
    asked = params.integer("expires_at")
    if asked is not None and not 1740 <= asked - now <= DAY + 60:
        message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation."
        raise ApiError(message, param="expires_at")
    return asked or now + DAY


def _shown_message(params: Params) -> str | None:
    return params.hash("custom_text").hash("submit").text("message")


def _intent_data(params: Params, name: str) -> Json:
    given = params.hash(name)
    given.only("capture_method", "description", "metadata", "on_behalf_of", "receipt_email", "setup_future_usage")
    fields: Json = {"metadata": merged({}, given.metadata()), "description": given.text("description")}
    if name == "payment_intent_data":
        fields |= {"setup_future_usage": given.text("setup_future_usage"), "receipt_email": given.text("receipt_email")}
    return fields


def _lines(params: Params) -> list[Json]:
    lines = [_line(Params(line)) for line in params.array("line_items") if isinstance(line, dict)]
    if not lines:
        message = "You must provide `line_items` in `payment` mode."
        raise ApiError(message, code="parameter_missing", param="line_items")
    return lines


def _line(line: Params) -> Json:
    line.only("price_data", "quantity")
    price = line.hash("price_data")
    price.only("currency", "product_data", "tax_behavior", "unit_amount")
    product = price.hash("product_data")
    currency, unit, quantity = (
        price.required("currency").lower(),
        amount(price, "unit_amount"),
        line.integer("quantity") or 1,
    )
    if not 1 <= quantity <= 999_999:
        raise ApiError("Invalid quantity", param="line_items[quantity]")
    total = unit * quantity
    fields = {"id": new_id("li"), "object": "item", "currency": currency, "quantity": quantity, "amount_total": total}
    prices = {"id": new_id("price"), "object": "price", "currency": currency, "unit_amount": unit, "type": "one_time"}
    fields |= {"amount_subtotal": total, "amount_discount": 0, "amount_tax": 0, "price": prices}
    return {**fields, "description": product.required("name"), "metadata": {}}


def submit_card(tx: Tx, session: Json, card: Card, expiry: tuple[int, int], owner: Json) -> Json:
    """The person has sent the hosted form: the intent comes back, succeeded or wanting authentication; or Declined."""
    method = tx.put(objects.card_method(tx.now(), card, expiry, owner), objects.method_private(card))
    return carry_on(tx, session, method)


def submit_account(tx: Tx, session: Json, account: sepa.Account, owner: Json) -> Json:
    """The person has written an IBAN and signed the mandate."""
    return carry_on(tx, session, sepa.method(tx, account, owner))


def carry_on(tx: Tx, session: Json, method: Json, *, authenticated: bool = False) -> Json:
    """Confirm the session's intent with `method`, and complete the session if that succeeds."""
    intent = _intent(tx, session)
    if intent["object"] == "setup_intent":
        intent = confirm_setup(tx, intent, method, authenticated=authenticated)
    else:
        intent = confirm_payment(tx, intent, method, authenticated=authenticated)
    if intent["status"] == "succeeded":
        _complete(tx, session, method["billing_details"])
    return intent


def _intent(tx: Tx, session: Json) -> Json:
    found = tx.find(session["setup_intent"] or session["payment_intent"] or "")
    if found is not None:
        return found
    private = tx.private(session["id"])
    fields = private["intent"] | {"customer": session["customer"]}
    made = objects.payment_intent(tx.now(), session["amount_total"], session["currency"], fields)
    tx.put(made, {"url_root": private["url_root"]})
    tx.emit("payment_intent.created", made)
    session["payment_intent"] = made["id"]
    tx.put(session)
    return made


def _complete(tx: Tx, session: Json, owner: Json) -> None:
    buyer = tx.find(session["customer"] or "") or {}
    details = {"email": session["customer_email"] or buyer.get("email") or owner["email"], "name": owner["name"]}
    session |= {
        "status": "complete",
        "customer_details": details | {"address": None, "phone": None, "tax_exempt": "none"},
    }
    session["url"] = None
    if session["mode"] == "payment":
        session["payment_status"] = "paid"
    tx.put(session)
    tx.emit("checkout.session.completed", session)


def expire(tx: Tx, session: Json) -> Json:
    """Close an open session: its page takes no card any more and its intent is cancelled."""
    if session["status"] != "open":
        message = f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.'
        raise ApiError(message, kept=True)
    session |= {"status": "expired", "url": None}
    tx.put(session)
    intent = tx.find(session["setup_intent"] or session["payment_intent"] or "")
    if intent is not None and intent["status"] in OPEN:
        cancel(tx, intent)
    tx.emit("checkout.session.expired", session)
    return session

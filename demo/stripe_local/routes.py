"""The API's routes, each a small function from parameters to an object."""

import re

from demo.stripe_local import objects, sessions
from demo.stripe_local.api import Call, Handler
from demo.stripe_local.cards import CARDS, luhn, refusal
from demo.stripe_local.errors import ApiError, Declined, Json, missing_object, unexpected_state
from demo.stripe_local.intents import attach, cancel, confirm_payment, confirm_setup, usable_method
from demo.stripe_local.params import Params, amount, merged, names
from demo.stripe_local.refunds import refund
from demo.stripe_local.storage import Tx

_LISTED = {"limit", "starting_after", "ending_before", "created"}
_COMPARE = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}


def _owned(tx: Tx, params: Params) -> str | None:
    customer = params.text("customer")
    if customer and tx.find(customer, "customer") is None:
        raise missing_object("customer", customer, param="customer")
    return customer


def _found(tx: Tx, call: Call, kind: str) -> Json:
    body = tx.find(call.ids["id"], kind)
    if body is None:
        raise missing_object(kind, call.ids["id"])
    return body


def retrieve(kind: str) -> Handler:
    return lambda tx, call: _found(tx, call, kind)


def listed(kind: str, *filters: str) -> Handler:
    """A list, newest first, filtered by top-level fields, `created` and a cursor."""

    def handler(tx: Tx, call: Call) -> Json:
        params = call.params
        params.only(*_LISTED, *filters)
        limit = params.integer("limit", 10) or 0
        if not 1 <= limit <= 100:
            raise ApiError("Limit must be between 1 and 100.", code="parameter_invalid_integer", param="limit")
        where = {name: value for name in filters if (value := params.text(name))}
        after, before = params.text("starting_after"), params.text("ending_before")
        for cursor, name in ((after, "starting_after"), (before, "ending_before")):
            if cursor and tx.find(cursor, kind) is None:
                raise missing_object(kind, cursor, param=name)
        page = tx.page(kind, limit=limit, where=where, created=_since(params), after=after, before=before)
        return objects.listing(call.path, page.rows, has_more=page.has_more)

    return handler


def _since(params: Params) -> dict[str, int]:
    asked = params.values.get("created")
    if isinstance(asked, str):
        return {"=": params.integer("created") or 0}
    bounds = params.hash("created")
    bounds.only(*_COMPARE)
    return {_COMPARE[name]: bounds.integer(name) or 0 for name in bounds.values}


def create_customer(tx: Tx, call: Call) -> Json:
    params = call.params
    params.only("description", "email", "metadata", "name", "phone", "preferred_locales")
    fields: Json = {name: params.text(name) for name in ("description", "email", "name", "phone")}
    made = tx.put(objects.customer(tx.now(), fields | {"metadata": merged({}, params.metadata())}))
    tx.emit("customer.created", made)
    return made


def update_customer(tx: Tx, call: Call) -> Json:
    body, params = _found(tx, call, "customer"), call.params
    params.only("description", "email", "invoice_settings", "metadata", "name", "phone")
    body |= {name: params.text(name) for name in ("description", "email", "name", "phone") if name in params}
    if "invoice_settings" in params:
        body["invoice_settings"]["default_payment_method"] = params.hash("invoice_settings").text(
            "default_payment_method"
        )
    body["metadata"] = merged(body["metadata"], params.metadata())
    tx.emit("customer.updated", body)
    return tx.put(body)


def delete_customer(tx: Tx, call: Call) -> Json:
    body = _found(tx, call, "customer")
    tx.emit("customer.deleted", body)
    tx.db.execute("DELETE FROM object WHERE id = ?", (body["id"],))
    return {"id": body["id"], "object": "customer", "deleted": True}


def create_method(tx: Tx, call: Call) -> Json:
    params = call.params
    params.only("billing_details", "card", "metadata", "type")
    params.one_of("type", ("card",), "card")
    given = params.hash("card")
    number = given.required("number").replace(" ", "")
    if number not in CARDS:
        plausible = re.fullmatch(r"\d{12,19}", number, re.ASCII) and luhn(number)
        raise Declined(refusal("test_mode_live_card" if plausible else "incorrect_number"))
    expiry = (given.integer("exp_month") or 12, given.integer("exp_year") or 2034)
    billing = params.hash("billing_details")
    owner = objects.billing(billing.text("name"), billing.text("email"))
    made = objects.card_method(tx.now(), CARDS[number], expiry, owner) | {"metadata": merged({}, params.metadata())}
    return tx.put(made, objects.method_private(CARDS[number]))


def attach_method(tx: Tx, call: Call) -> Json:
    call.params.only("customer")
    customer = call.params.required("customer")
    _owned(tx, call.params)
    method = usable_method(tx, call.ids["id"])
    if method["customer"] not in (None, customer):
        raise ApiError("The payment method you provided has already been attached to a customer.", kept=True)
    return attach(tx, method, customer)


def detach_method(tx: Tx, call: Call) -> Json:
    method = _found(tx, call, "payment_method")
    tx.emit("payment_method.detached", method | {"customer": None}, {"customer": method["customer"]})
    return tx.put(method | {"customer": None})


def list_methods_of_customer(tx: Tx, call: Call) -> Json:
    values = {**call.params.values, "customer": call.ids["id"]}
    return listed("payment_method", "customer", "type")(tx, Call(Params(values), {}, call.path, call.url_root))


def create_payment(tx: Tx, call: Call) -> Json:
    params = call.params
    params.only(
        *names(
            "amount automatic_payment_methods capture_method confirm confirmation_method currency"
            " customer description error_on_requires_action mandate metadata off_session payment_method"
            " payment_method_options payment_method_types receipt_email return_url setup_future_usage"
            " statement_descriptor statement_descriptor_suffix"
        )
    )
    cents, currency = amount(params), params.required("currency").lower()
    if params.flag("off_session") and not params.flag("confirm"):
        raise ApiError("You cannot provide `off_session` when `confirm` is not true.", param="off_session")
    plain = (
        "description",
        "receipt_email",
        "setup_future_usage",
        "statement_descriptor",
        "statement_descriptor_suffix",
    )
    fields: Json = {name: params.text(name) for name in plain}
    fields |= {"customer": _owned(tx, params), "metadata": merged({}, params.metadata())}
    method = usable_method(tx, params.required("payment_method")) if "payment_method" in params else None
    intent = objects.payment_intent(tx.now(), cents, currency, fields)
    if method:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    tx.put(intent, {"url_root": call.url_root, "return_url": params.text("return_url")})
    tx.emit("payment_intent.created", intent)
    return _confirmed(tx, intent, params) if params.flag("confirm") else intent


def confirm_payment_intent(tx: Tx, call: Call) -> Json:
    params = call.params
    params.only("error_on_requires_action", "mandate", "off_session", "payment_method", "return_url", "receipt_email")
    intent = _found(tx, call, "payment_intent")
    tx.put(intent, {"url_root": call.url_root, "return_url": params.text("return_url")})
    return _confirmed(tx, intent, params)


def _confirmed(tx: Tx, intent: Json, params: Params) -> Json:
    method_id = params.text("payment_method") or intent["payment_method"]
    if intent["object"] == "setup_intent":
        return confirm_setup(tx, intent, _method_for(tx, intent, method_id))
    off, no_action = params.flag("off_session"), params.flag("error_on_requires_action")
    return confirm_payment(tx, intent, _method_for(tx, intent, method_id), off_session=off, no_action=no_action)


def _method_for(tx: Tx, intent: Json, id: str | None) -> Json:
    if id is None and intent["status"] == "requires_payment_method":
        message = "You cannot confirm this intent because it's missing a payment method."
        raise unexpected_state(intent["object"], message, intent)
    return usable_method(tx, id or "")


def create_setup(tx: Tx, call: Call) -> Json:
    params = call.params
    params.only(
        *names(
            "automatic_payment_methods confirm customer description metadata payment_method"
            " payment_method_types return_url usage"
        )
    )
    fields: Json = {"customer": _owned(tx, params), "description": params.text("description")}
    fields |= {"metadata": merged({}, params.metadata()), "usage": params.text("usage") or "off_session"}
    intent = objects.setup_intent(tx.now(), fields)
    if "payment_method" in params:
        method = usable_method(tx, params.required("payment_method"))
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    tx.put(intent, {"url_root": call.url_root, "return_url": params.text("return_url")})
    tx.emit("setup_intent.created", intent)
    return (
        confirm_setup(tx, intent, _method_for(tx, intent, intent["payment_method"]))
        if params.flag("confirm")
        else intent
    )


def confirm_setup_intent(tx: Tx, call: Call) -> Json:
    call.params.only("payment_method", "return_url")
    intent = _found(tx, call, "setup_intent")
    tx.put(intent, {"url_root": call.url_root, "return_url": call.params.text("return_url")})
    return _confirmed(tx, intent, call.params)


def cancel_intent(kind: str) -> Handler:
    def handler(tx: Tx, call: Call) -> Json:
        call.params.only("cancellation_reason")
        return cancel(tx, _found(tx, call, kind), call.params.text("cancellation_reason"))

    return handler


def update_metadata(kind: str) -> Handler:
    def handler(tx: Tx, call: Call) -> Json:
        call.params.only("description", "metadata")
        body = _found(tx, call, kind)
        body["metadata"] = merged(body["metadata"], call.params.metadata())
        return tx.put(body)

    return handler


def create_session(tx: Tx, call: Call) -> Json:
    return sessions.create(tx, call.params, call.url_root)


def expire_session(tx: Tx, call: Call) -> Json:
    return sessions.expire(tx, _found(tx, call, "checkout.session"))


def session_lines(tx: Tx, call: Call) -> Json:
    return objects.listing(
        call.path, tx.private(_found(tx, call, "checkout.session")["id"])["line_items"], has_more=False
    )


def create_refund(tx: Tx, call: Call) -> Json:
    return refund(tx, call.params)

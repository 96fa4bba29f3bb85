"""The table of the API: method and path to handler."""

from typing import cast

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from demo.stripe_local import routes
from demo.stripe_local.api import Handler
from demo.stripe_local.errors import ApiError

_TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/customers", routes.create_customer),
    ("GET", "/customers", routes.listed("customer", "email")),
    ("GET", "/customers/<id>", routes.retrieve("customer")),
    ("POST", "/customers/<id>", routes.update_customer),
    ("DELETE", "/customers/<id>", routes.delete_customer),
    ("GET", "/customers/<id>/payment_methods", routes.list_methods_of_customer),
    ("POST", "/payment_methods", routes.create_method),
    ("GET", "/payment_methods", routes.listed("payment_method", "customer", "type")),
    ("GET", "/payment_methods/<id>", routes.retrieve("payment_method")),
    ("POST", "/payment_methods/<id>/attach", routes.attach_method),
    ("POST", "/payment_methods/<id>/detach", routes.detach_method),
    ("POST", "/payment_intents", routes.create_payment),
    ("GET", "/payment_intents", routes.listed("payment_intent", "customer")),
    ("GET", "/payment_intents/<id>", routes.retrieve("payment_intent")),
    ("POST", "/payment_intents/<id>", routes.update_metadata("payment_intent")),
    ("POST", "/payment_intents/<id>/confirm", routes.confirm_payment_intent),
    ("POST", "/payment_intents/<id>/cancel", routes.cancel_intent("payment_intent")),
    ("POST", "/setup_intents", routes.create_setup),
    ("GET", "/setup_intents", routes.listed("setup_intent", "customer", "payment_method")),
    ("GET", "/setup_intents/<id>", routes.retrieve("setup_intent")),
    ("POST", "/setup_intents/<id>", routes.update_metadata("setup_intent")),
    ("POST", "/setup_intents/<id>/confirm", routes.confirm_setup_intent),
    ("POST", "/setup_intents/<id>/cancel", routes.cancel_intent("setup_intent")),
    ("POST", "/checkout/sessions", routes.create_session),
    ("GET", "/checkout/sessions", routes.listed("checkout.session", "customer", "payment_intent", "status")),
    ("GET", "/checkout/sessions/<id>", routes.retrieve("checkout.session")),
    ("POST", "/checkout/sessions/<id>", routes.update_metadata("checkout.session")),
    ("POST", "/checkout/sessions/<id>/expire", routes.expire_session),
    ("GET", "/checkout/sessions/<id>/line_items", routes.session_lines),
    ("GET", "/mandates/<id>", routes.retrieve("mandate")),
    ("GET", "/disputes/<id>", routes.retrieve("dispute")),
    ("GET", "/disputes", routes.listed("dispute", "charge", "payment_intent")),
    ("GET", "/charges", routes.listed("charge", "customer", "payment_intent")),
    ("GET", "/charges/<id>", routes.retrieve("charge")),
    ("POST", "/refunds", routes.create_refund),
    ("GET", "/refunds", routes.listed("refund", "charge", "payment_intent")),
    ("GET", "/refunds/<id>", routes.retrieve("refund")),
    ("GET", "/balance_transactions", routes.listed("balance_transaction", "source", "type")),
    ("GET", "/balance_transactions/<id>", routes.retrieve("balance_transaction")),
    ("GET", "/payouts", routes.listed("payout", "status")),
    ("GET", "/payouts/<id>", routes.retrieve("payout")),
    ("GET", "/events", routes.listed("event", "type")),
    ("GET", "/events/<id>", routes.retrieve("event")),
)
_MAP = Map([Rule(f"/v1{path}", methods=[method], endpoint=handler) for method, path, handler in _TABLE])
_ADAPTER = _MAP.bind("stripe.local")


def route(method: str, path: str) -> tuple[Handler, dict[str, str]]:
    """The handler and the ids in the path. Raises ApiError 404 for what this Stripe does not know."""
    try:
        handler, ids = _ADAPTER.match(path, method=method)
    except HTTPException as problem:
        message = f"Unrecognized request URL ({method}: {path})."
        raise ApiError(message, status=404) from problem
    return cast(Handler, handler), {name: str(value) for name, value in ids.items()}

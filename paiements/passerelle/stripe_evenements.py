"""Stripe's webhooks: the signature and its stamp are checked before anything is read."""

import json
from collections.abc import Mapping
from typing import Any

from kernel.settings import get_settings
from paiements.passerelle.contrat import Evenement, SignatureInvalide, Sujet

TOLERANCE = 300
"""Seconds: an older stamp on a webhook is a replay."""


_SUJETS = {
    "checkout.session.": Sujet.PAGE,
    "payment_intent.": Sujet.PAIEMENT,
    "charge.dispute.": Sujet.LITIGE,
    "charge.refunded": Sujet.RENDU,
    "refund.": Sujet.RETOUR,
}
"""By how Stripe's type begins."""


def sujet(type_: str) -> Sujet | None:
    return next((about for begin, about in _SUJETS.items() if type_.startswith(begin)), None)


def lire_evenement(payload: bytes, entetes: Mapping[str, str]) -> Evenement:
    """The event of a webhook, once its signature and stamp have been checked. Raises SignatureInvalide."""
    import stripe  # noqa: PLC0415

    try:
        signature = entetes.get("Stripe-Signature", "")
        stripe.WebhookSignature.verify_header(payload, signature, get_settings().stripe_webhook_secret, TOLERANCE)
        contenu: dict[str, Any] = json.loads(payload)
        lu = Evenement(contenu["id"], contenu["type"], contenu["data"]["object"].get("id", ""), contenu)
    except (
        stripe.SignatureVerificationError, ValueError, LookupError, TypeError, AttributeError, RecursionError
    ) as error:  # fmt: skip
        raise SignatureInvalide(type(error).__name__) from error
    if not all(_est_un_nom(value) for value in (lu.id, lu.type, lu.objet)):
        raise SignatureInvalide("not an event")
    return lu


def _est_un_nom(value: object) -> bool:
    """Whether it is a name that Stripe may give: a text of at most 255 signs (the documented length of its ids)."""
    return isinstance(value, str) and len(value) <= 255 and value.isascii() and "\0" not in value

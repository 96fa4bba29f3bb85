"""The only door to Stripe: small typed answers out, errors told apart by type and code, never by their text.

Every POST carries a key of ours, so asking twice does once. A call whose outcome we cannot know (no reply, 5xx, a
conflict with a request still in flight) raises `Indisponible`: the caller asks again later, by reading first.
No personal data goes into Stripe's metadata, only the payment's own random key.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kernel.settings import get_settings

if TYPE_CHECKING:
    import stripe
    from stripe.params import CustomerCreateParams
    from stripe.params.checkout import SessionCreateParams

REFERENCE = "reference"
"""The key of our metadata: the uuid of the payment, or of the saving of a card."""

MAX_RETRIES = 1
TOLERANCE = 300
"""Seconds: an older stamp on a webhook is a replay."""

_SCA = "authentication_required"
# The saved card or the customer is gone at Stripe: a household's matter, not a bug of ours.
_PERDU = {"resource_missing", "payment_method_unactivated", "payment_method_invalid_parameter", "amount_too_small"}


class Indisponible(Exception):
    """Stripe has not told what it did: ask again later."""


class SignatureInvalide(Exception):
    """A webhook that Stripe did not sign, or signed too long ago."""


@dataclass(frozen=True, slots=True)
class Encaisse:
    """The money is taken, in centimes."""

    intention: str
    montant: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """The bank said no; `code` is its decline code, else Stripe's error code."""

    code: str
    intention: str | None


@dataclass(frozen=True, slots=True)
class AAuthentifier:
    """The bank wants to hear the cardholder."""

    intention: str | None
    code: str = _SCA


@dataclass(frozen=True, slots=True)
class EnCours:
    """Nothing is decided yet."""

    intention: str


Resultat = Encaisse | Refuse | AAuthentifier | EnCours


@dataclass(frozen=True, slots=True)
class Ordre:
    """What to take from a saved card: centimes, our key, who and which card at Stripe, what the family may read."""

    cle: str
    montant: int
    client: str
    carte: str
    libelle: str


@dataclass(frozen=True, slots=True)
class IntentionLue:
    """A PaymentIntent read at Stripe, and our own reference in it."""

    reference: str | None
    resultat: Resultat


@dataclass(frozen=True, slots=True)
class CarteLue:
    id: str
    marque: str
    derniers_chiffres: str
    expire_mois: int
    expire_annee: int


class StatutPage(StrEnum):
    OUVERTE = "open"
    COMPLETE = "complete"
    EXPIREE = "expired"


@dataclass(frozen=True, slots=True)
class PageLue:
    """A Checkout page. `recu` once paid, `carte` once saved; `url` while it is open."""

    id: str
    reference: str | None
    statut: StatutPage
    url: str | None
    recu: Encaisse | None = None
    carte: CarteLue | None = None
    client: str | None = None


@dataclass(frozen=True, slots=True)
class Evenement:
    id: str
    type: str
    objet: str
    contenu: dict[str, Any]


@lru_cache(maxsize=1)
def _client() -> "stripe.StripeClient":
    # Imported at the first call: half a second that the web should not pay at its start.
    import stripe  # noqa: PLC0415

    settings = get_settings()
    stripe.enable_telemetry = False
    return stripe.StripeClient(
        settings.stripe_secret_key,
        base_addresses={"api": settings.stripe_api_base},
        max_network_retries=MAX_RETRIES,
        http_client=stripe.RequestsClient(timeout=settings.stripe_timeout),
    )


@contextmanager
def _appel() -> Iterator["stripe.StripeClient"]:
    """A call; what leaves its outcome unknown comes out as Indisponible."""
    client = _client()
    import stripe  # noqa: PLC0415

    try:
        yield client
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise Indisponible(type(error).__name__) from error
    except stripe.APIError as error:  # 5xx, or 409: the same key is being served
        raise Indisponible(f"{type(error).__name__} {error.http_status}") from error


def creer_client(cle: str, email: str | None) -> str:
    """A customer at Stripe, its id. The e-mail spares the family typing it. Raises Indisponible."""
    params: CustomerCreateParams = {"metadata": {REFERENCE: cle}}
    if email:
        params["email"] = email
    with _appel() as client:
        return client.v1.customers.create(params=params, options={"idempotency_key": f"{cle}-client"}).id


def prelever(ordre: Ordre) -> Resultat:
    """Take money from a saved card, its holder absent. Safe to repeat with the same Ordre. Raises Indisponible."""
    import stripe  # noqa: PLC0415

    try:
        with _appel() as client:
            intention = client.v1.payment_intents.create(
                params={
                    "amount": ordre.montant,
                    "currency": "eur",
                    "customer": ordre.client,
                    "payment_method": ordre.carte,
                    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                    "off_session": True,
                    "confirm": True,
                    "description": ordre.libelle,
                    "metadata": {REFERENCE: ordre.cle},
                },
                options={"idempotency_key": ordre.cle},
            )
    except stripe.CardError as error:
        return _refus(error)
    except stripe.InvalidRequestError as error:
        if error.code in _PERDU:
            return Refuse(error.code, None)
        raise
    return _resultat(intention)


def retrouver(client_stripe: str, cle: str) -> Resultat | None:
    """What became of the payment `cle` of this customer; None: Stripe never heard of it. Raises Indisponible."""
    with _appel() as client:
        page = client.v1.payment_intents.list(params={"customer": client_stripe, "limit": 100})
        for intention in page.auto_paging_iter():
            if _reference(intention) == cle:
                return _resultat(intention)
    return None


def lire_intention(intention_id: str) -> IntentionLue:
    """Raises Indisponible."""
    with _appel() as client:
        intention = client.v1.payment_intents.retrieve(intention_id)
    return IntentionLue(_reference(intention), _resultat(intention))


def ouvrir_page_paiement(cle: str, montant: int, libelle: str, *, retour: str, renoncer: str) -> PageLue:
    """A Checkout page to pay `montant` centimes once. The same key gives the same page. Raises Indisponible."""
    page: SessionCreateParams = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {"currency": "eur", "unit_amount": montant, "product_data": {"name": libelle}},
            }
        ],
        "payment_intent_data": {"metadata": {REFERENCE: cle}, "description": libelle},
        "success_url": retour,
        "cancel_url": renoncer,
    }
    return _ouvrir(page, cle)


def ouvrir_page_carte(cle: str, client_stripe: str, *, retour: str, renoncer: str) -> PageLue:
    """A Checkout page to save a card. The same key gives the same page. Raises Indisponible."""
    page: SessionCreateParams = {
        "mode": "setup",
        "currency": "eur",
        "customer": client_stripe,
        "setup_intent_data": {"metadata": {REFERENCE: cle}},
        "success_url": retour,
        "cancel_url": renoncer,
    }
    return _ouvrir(page, cle)


def lire_page(page_id: str) -> PageLue:
    """Raises Indisponible."""
    with _appel() as client:
        session = client.v1.checkout.sessions.retrieve(
            page_id, params={"expand": ["payment_intent", "setup_intent.payment_method"]}
        )
    return _page(session)


def fermer_page(page_id: str) -> None:
    """Close a page that is no longer wanted; one that is over already stays as it is. Raises Indisponible."""
    import stripe  # noqa: PLC0415

    try:
        with _appel() as client:
            client.v1.checkout.sessions.expire(page_id)
    except stripe.InvalidRequestError:
        return


def lire_evenement(payload: bytes, signature: str) -> Evenement:
    """The event of a webhook, once its signature and stamp have been checked. Raises SignatureInvalide."""
    import stripe  # noqa: PLC0415

    try:
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


def oublier_client() -> None:
    """Build the client anew at the next call: the settings have changed."""
    _client.cache_clear()


def _ouvrir(page: "SessionCreateParams", cle: str) -> PageLue:
    import stripe  # noqa: PLC0415

    page |= {"client_reference_id": cle, "locale": "fr", "allowed_payment_method_types": ["card"]}
    try:
        with _appel() as client:
            return _page(client.v1.checkout.sessions.create(params=page, options={"idempotency_key": cle}))
    except stripe.IdempotencyError as error:
        # The same intent was first sent worded otherwise (an address or a label has changed since).
        raise Indisponible("IdempotencyError") from error


def _page(session: Any) -> PageLue:
    paye, enregistre = session.payment_intent, session.setup_intent
    recu = None
    if session.payment_status == "paid" and paye is not None and not isinstance(paye, str):
        recu = Encaisse(paye.id, paye.amount_received)
    methode = None if enregistre is None or isinstance(enregistre, str) else enregistre.payment_method
    carte = None
    if methode is not None and not isinstance(methode, str) and enregistre.status == "succeeded":
        lue = methode.card
        carte = CarteLue(methode.id, lue.brand, lue.last4, lue.exp_month, lue.exp_year)
    statut = StatutPage(session.status)
    client = session.customer if isinstance(session.customer, str) else None
    return PageLue(session.id, session.client_reference_id, statut, session.url, recu, carte, client)


def _resultat(intention: Any) -> Resultat:
    erreur = intention.last_payment_error
    match intention.status:
        case "succeeded":
            return Encaisse(intention.id, intention.amount_received)
        case "requires_action":
            return AAuthentifier(intention.id)
        case "canceled":
            return Refuse("canceled", intention.id)
        case "requires_payment_method" if erreur is not None:
            code = erreur.decline_code or erreur.code or "card_declined"
            return AAuthentifier(intention.id) if code == _SCA else Refuse(code, intention.id)
        case _:
            return EnCours(intention.id)


def _refus(error: "stripe.CardError") -> Resultat:
    detail: Any = error.error
    intention = getattr(detail, "payment_intent", None) if detail is not None else None
    intention_id = getattr(intention, "id", None)
    code = getattr(detail, "decline_code", None) or error.code or "card_declined"
    return AAuthentifier(intention_id) if code == _SCA else Refuse(code, intention_id)


def _reference(objet: Any) -> str | None:
    metadata = objet.metadata
    return metadata.to_dict().get(REFERENCE) if metadata is not None else None

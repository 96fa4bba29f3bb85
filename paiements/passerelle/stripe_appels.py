"""Calls to Stripe: one client, short time-outs, errors told apart by type and code, never by their text."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kernel.settings import get_settings
from paiements.passerelle.contrat import REFERENCE, Indisponible

if TYPE_CHECKING:
    import stripe
    from stripe.params import CustomerCreateParams

MAX_RETRIES = 1


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
def appel() -> Iterator["stripe.StripeClient"]:
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
    params: CustomerCreateParams = {"metadata": {REFERENCE: cle}}
    if email:
        params["email"] = email
    with appel() as client:
        return client.v1.customers.create(params=params, options={"idempotency_key": f"{cle}-client"}).id


def reference(objet: Any) -> str | None:
    """Our own key in an object of Stripe's."""
    metadata = objet.metadata
    return metadata.to_dict().get(REFERENCE) if metadata is not None else None


def nom(objet: Any) -> str | None:
    """The id of what Stripe gives by name, or whole where it was asked to expand it."""
    return objet if objet is None or isinstance(objet, str) else str(objet.id)


def oublier_client() -> None:
    """Build the client anew at the next call: the settings have changed."""
    _client.cache_clear()

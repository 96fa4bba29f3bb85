"""The pages that Stripe hosts (Checkout): pay once, save a card, or let an account be debited."""

from typing import TYPE_CHECKING, Any, Literal

from paiements.passerelle.contrat import (
    PAGE,
    REFERENCE,
    CarteLue,
    Encaisse,
    Indisponible,
    MandatLu,
    PageLue,
    StatutPage,
)
from paiements.passerelle.stripe_appels import appel

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

_Moyen = Literal["card", "sepa_debit"]


def ouvrir_page_paiement(cle: str, montant: int, libelle: str, *, retour: str, renoncer: str) -> PageLue:
    """A Checkout page to pay `montant` centimes once. The same key gives the same page."""
    page: SessionCreateParams = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {"currency": "eur", "unit_amount": montant, "product_data": {"name": libelle}},
            }
        ],
        "payment_intent_data": {"metadata": {REFERENCE: cle}, "description": libelle},
        "success_url": _chez_stripe(retour),
        "cancel_url": renoncer,
    }
    return _ouvrir(page, cle)


def ouvrir_page_carte(cle: str, client_stripe: str, *, retour: str, renoncer: str) -> PageLue:
    """A Checkout page to save a card. The same key gives the same page."""
    page: SessionCreateParams = {
        "mode": "setup",
        "currency": "eur",
        "customer": client_stripe,
        "setup_intent_data": {"metadata": {REFERENCE: cle}},
        "success_url": _chez_stripe(retour),
        "cancel_url": renoncer,
    }
    return _ouvrir(page, cle)


def ouvrir_page_mandat(cle: str, client_stripe: str, *, retour: str, renoncer: str) -> PageLue:
    page: SessionCreateParams = {
        "mode": "setup",
        "currency": "eur",
        "customer": client_stripe,
        "setup_intent_data": {"metadata": {REFERENCE: cle}},
        "success_url": _chez_stripe(retour),
        "cancel_url": renoncer,
    }
    return _ouvrir(page, cle, "sepa_debit")


def _chez_stripe(retour: str) -> str:
    return retour.replace(PAGE, "{CHECKOUT_SESSION_ID}")


def lire_page(page_id: str) -> PageLue:
    with appel() as client:
        session = client.v1.checkout.sessions.retrieve(
            page_id, params={"expand": ["payment_intent", "setup_intent.payment_method", "setup_intent.mandate"]}
        )
    return _page(session)


def fermer_page(page_id: str) -> None:
    """Close a page that is no longer wanted; one that is over already stays as it is."""
    import stripe  # noqa: PLC0415

    try:
        with appel() as client:
            client.v1.checkout.sessions.expire(page_id)
    except stripe.InvalidRequestError:
        return


def _ouvrir(page: "SessionCreateParams", cle: str, moyen: _Moyen = "card") -> PageLue:
    import stripe  # noqa: PLC0415

    page |= {"client_reference_id": cle, "locale": "fr", "allowed_payment_method_types": [moyen]}
    try:
        with appel() as client:
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
    carte, mandat = None, None
    if methode is not None and not isinstance(methode, str) and enregistre.status == "succeeded":
        if methode.type == "sepa_debit":
            mandat = _mandat(methode, enregistre.mandate)
        else:
            lue = methode.card
            carte = CarteLue(methode.id, lue.brand, lue.last4, lue.exp_month, lue.exp_year)
    statut = StatutPage(session.status)
    client = session.customer if isinstance(session.customer, str) else None
    return PageLue(session.id, session.client_reference_id, statut, session.url, recu, carte, mandat, client)


def _mandat(methode: Any, mandat: Any) -> MandatLu | None:
    """A saved account with its mandate; None while Stripe has not given the mandate."""
    if mandat is None or isinstance(mandat, str):
        return None
    reference = mandat.payment_method_details.sepa_debit.reference
    return MandatLu(methode.id, mandat.id, reference, methode.sepa_debit.last4)

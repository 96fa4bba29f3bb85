"""Taking money off session at Stripe, and reading what became of it."""

from typing import TYPE_CHECKING, Any

from paiements.passerelle.contrat import (
    REFERENCE,
    AAuthentifier,
    Encaisse,
    EnCours,
    IntentionLue,
    Ordre,
    Refuse,
    Resultat,
)
from paiements.passerelle.stripe_appels import appel, nom, reference

if TYPE_CHECKING:
    import stripe
    from stripe import RequestOptions
    from stripe.params import PaymentIntentConfirmParams, PaymentIntentCreateParams

_SCA = "authentication_required"
# The saved card or the customer is gone at Stripe: a household's matter, not a bug of ours.
_PERDU = {"resource_missing", "payment_method_unactivated", "payment_method_invalid_parameter", "amount_too_small"}


def prelever(ordre: Ordre) -> Resultat:
    """Take money from a saved card, its holder absent. Safe to repeat with the same Ordre."""
    import stripe  # noqa: PLC0415

    try:
        with appel() as client:
            intention = _redemander(client, ordre) if ordre.intention else _demander(client, ordre)
    except stripe.CardError as error:
        return _refus(error)
    except stripe.InvalidRequestError as error:
        if error.code in _PERDU:
            return Refuse(error.code, None)
        raise
    return _resultat(intention)


def _demander(client: "stripe.StripeClient", ordre: Ordre) -> Any:
    params: PaymentIntentCreateParams = {
        "amount": ordre.montant,
        "currency": "eur",
        "customer": ordre.client,
        "payment_method": ordre.carte,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "off_session": True,
        "confirm": True,
        "description": ordre.libelle,
        "metadata": {REFERENCE: ordre.cle},
    }
    if ordre.mandat:
        params["mandate"] = ordre.mandat
    return client.v1.payment_intents.create(params=params, options={"idempotency_key": ordre.cle})


def _redemander(client: "stripe.StripeClient", ordre: Ordre) -> Any:
    """Confirm a refused intent once more; Stripe takes its money once at most, whatever the key."""
    params: PaymentIntentConfirmParams = {"payment_method": ordre.carte, "off_session": True}
    if ordre.mandat:
        params["mandate"] = ordre.mandat
    options: RequestOptions = {"idempotency_key": f"{ordre.cle}-{ordre.essai}"}
    return client.v1.payment_intents.confirm(ordre.intention or "", params=params, options=options)


def retrouver(client_stripe: str, cle: str) -> Resultat | None:
    """What became of the payment `cle` of this customer; None: Stripe never heard of it."""
    with appel() as client:
        page = client.v1.payment_intents.list(params={"customer": client_stripe, "limit": 100})
        for intention in page.auto_paging_iter():
            if reference(intention) == cle:
                return _resultat(intention)
    return None


def lire_intention(intention_id: str) -> IntentionLue:
    with appel() as client:
        intention = client.v1.payment_intents.retrieve(intention_id)
    return IntentionLue(reference(intention), _resultat(intention))


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
            return _non(erreur, intention.id, nom(intention.latest_charge))
        case _:
            return EnCours(intention.id, differe=intention.status == "processing")


def _refus(error: "stripe.CardError") -> Resultat:
    detail: Any = error.error
    intention = getattr(detail, "payment_intent", None)
    return _non(detail, getattr(intention, "id", None), getattr(detail, "charge", None), error.code)


def _non(detail: Any, intention: str | None, tentative: str | None, code: str | None = None) -> Resultat:
    """A bank's no, by its decline code, else Stripe's own."""
    said = getattr(detail, "decline_code", None) or getattr(detail, "code", None) or code or "card_declined"
    if said == _SCA:
        return AAuthentifier(intention)
    return Refuse(said, intention, tentative, getattr(detail, "advice_code", None) == "do_not_try_again")

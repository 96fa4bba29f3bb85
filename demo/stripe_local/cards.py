"""Stripe's public test cards and what the bank says to each. Any other number is refused and never stored."""

from dataclasses import dataclass

from demo.stripe_local.errors import Json

OK = "ok"


@dataclass(frozen=True)
class Card:
    """`authentication`: never, setup (once, then off-session payments pass) or always. `attaches`: can be saved."""

    number: str
    brand: str = "visa"
    outcome: str = OK
    authentication: str = "never"
    attaches: bool = True
    funding: str = "credit"
    country: str = "FR"
    note: str = ""

    @property
    def last4(self) -> str:
        return self.number[-4:]


def _refused(number: str, outcome: str, note: str = "") -> Card:
    return Card(number, outcome=outcome, attaches=False, note=note)


CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242", note="paiement accepté"),
        Card("4000002500000003", note="paiement accepté, carte française"),
        Card("4000056655665556", funding="debit", note="paiement accepté, carte de débit"),
        Card("5555555555554444", brand="mastercard", note="paiement accepté, Mastercard"),
        Card("378282246310005", brand="amex", note="paiement accepté, American Express"),
        Card("4000002500003155", authentication="setup", note="demande une authentification à l’enregistrement"),
        Card("4000003800000446", authentication="setup", note="déjà authentifiée pour les prélèvements"),
        Card("4000002760003184", authentication="always", note="demande une authentification à chaque paiement"),
        Card("4000000000003220", authentication="always", note="3-D Secure à chaque paiement"),
        Card(
            "4000008260003178",
            outcome="insufficient_funds",
            authentication="setup",
            note="provision insuffisante au prélèvement",
        ),
        Card("4000000000000341", outcome="generic_decline", note="s’enregistre, puis refusée au prélèvement"),
        _refused("4000000000000002", "generic_decline", "refusée"),
        _refused("4000000000009995", "insufficient_funds", "provision insuffisante"),
        _refused("4000000000009987", "lost_card", "carte perdue"),
        _refused("4000000000009979", "stolen_card", "carte volée"),
        _refused("4000000000000069", "expired_card", "carte expirée"),
        _refused("4000000000000127", "incorrect_cvc", "code de sécurité faux"),
        _refused("4000000000000119", "processing_error", "erreur de traitement"),
        _refused("4000000000006975", "card_velocity_exceeded", "trop de paiements"),
    )
}

TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_fr": "4000002500000003",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequiredSetupForOffSession": "4000003800000446",
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedLostCard": "4000000000009987",
    "pm_card_chargeDeclinedStolenCard": "4000000000009979",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
}

# decline code → (error code, what Stripe says, what the hosted page says)
_SAID = {
    "insufficient_funds": (
        "card_declined",
        "Your card has insufficient funds.",
        "La provision de la carte est insuffisante.",
    ),
    "expired_card": ("expired_card", "Your card has expired.", "Cette carte a expiré."),
    "incorrect_cvc": ("incorrect_cvc", "Your card's security code is incorrect.", "Le code de sécurité est incorrect."),
    "processing_error": (
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
        "La banque n’a pas pu répondre. Essayez de nouveau dans un instant.",
    ),
    "incorrect_number": ("incorrect_number", "Your card number is incorrect.", "Ce numéro de carte n’est pas valide."),
    "authentication_required": (
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
        "La banque demande une authentification.",
    ),
    "test_mode_live_card": (
        "card_declined",
        "Your card was declined. Your request was in test mode, but used a non test card.",
        "Seules les cartes d’essai sont acceptées ici. N’entrez jamais une vraie carte.",
    ),
}
_ANY = ("card_declined", "Your card was declined.", "La carte a été refusée par la banque.")
_ADVICE = {
    "insufficient_funds": "try_again_later",
    "processing_error": "try_again_later",
    "lost_card": "do_not_try_again",
    "stolen_card": "do_not_try_again",
    "expired_card": "do_not_try_again",
    "incorrect_cvc": "confirm_card_data",
}


def refusal(outcome: str) -> Json:
    """The part of a `card_error` that depends on the decline alone."""
    code, message, _ = _SAID.get(outcome, _ANY)
    error: Json = {
        "code": code,
        "decline_code": outcome,
        "doc_url": f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}",
        "message": message,
        "type": "card_error",
    }
    if outcome in _ADVICE:
        error["advice_code"] = _ADVICE[outcome]
    return error


def said_in_french(decline_code: str) -> str:
    return _SAID.get(decline_code, _ANY)[2]


def luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[0::2]) + doubled) % 10 == 0

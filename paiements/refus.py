"""What a bank's refusal means for a family: five stories, told kindly. Pure.

Stripe's advice is not to repeat a bank's suspicion to whoever holds the card: a card reported lost or stolen is "no
longer accepted".
"""

from enum import StrEnum


class Famille(StrEnum):
    PROVISION = "provision"
    EXPIREE = "expiree"
    PLUS_ACCEPTEE = "plus_acceptee"
    AUTHENTIFICATION = "authentification"
    SANS_CARTE = "sans_carte"
    AUTRE = "autre"


_CODES = {
    "insufficient_funds": Famille.PROVISION,
    "card_velocity_exceeded": Famille.PROVISION,
    "withdrawal_count_limit_exceeded": Famille.PROVISION,
    "expired_card": Famille.EXPIREE,
    "invalid_expiry_month": Famille.EXPIREE,
    "invalid_expiry_year": Famille.EXPIREE,
    "lost_card": Famille.PLUS_ACCEPTEE,
    "stolen_card": Famille.PLUS_ACCEPTEE,
    "pickup_card": Famille.PLUS_ACCEPTEE,
    "restricted_card": Famille.PLUS_ACCEPTEE,
    "invalid_account": Famille.PLUS_ACCEPTEE,
    "authentication_required": Famille.AUTHENTIFICATION,
    "payment_intent_authentication_failure": Famille.AUTHENTIFICATION,
    "carte_retiree": Famille.SANS_CARTE,
    "resource_missing": Famille.SANS_CARTE,
}


def famille_du_refus(code: str | None) -> Famille:
    """The story that a decline code tells; AUTRE for those that tell a family nothing."""
    return _CODES.get(code or "", Famille.AUTRE)

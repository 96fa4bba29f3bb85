"""What a bank's refusal means for a family, told kindly, and whether it is worth asking the bank once more. Pure.

Stripe's advice is not to repeat a bank's suspicion to whoever holds the card: a card reported lost or stolen is "no
longer accepted".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Famille(StrEnum):
    PROVISION = "provision"
    EXPIREE = "expiree"
    PLUS_ACCEPTEE = "plus_acceptee"
    AUTHENTIFICATION = "authentification"
    SANS_CARTE = "sans_carte"
    COMPTE = "compte"
    OPPOSEE = "opposee"
    PASSAGER = "passager"
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
    "revocation_of_authorization": Famille.OPPOSEE,
    "revocation_of_all_authorizations": Famille.OPPOSEE,
    "stop_payment_order": Famille.OPPOSEE,
    "do_not_try_again": Famille.OPPOSEE,
    "debit_not_authorized": Famille.OPPOSEE,
    "account_closed": Famille.COMPTE,
    "no_account": Famille.COMPTE,
    "bank_account_restricted": Famille.COMPTE,
    "bank_ownership_changed": Famille.COMPTE,
    "invalid_account_number": Famille.COMPTE,
    "processing_error": Famille.PASSAGER,
    "issuer_not_available": Famille.PASSAGER,
    "reenter_transaction": Famille.PASSAGER,
    "try_again_later": Famille.PASSAGER,
}

REPRENABLES = frozenset({Famille.PROVISION, Famille.PASSAGER, Famille.AUTRE})
"""The only families that a rule may try again: the others need another card, or the person."""


@dataclass(frozen=True, slots=True)
class Reprise:
    """How often a refused charge is tried again, and when: on the next of `jours_du_mois` (paydays), else so many days
    later.
    """

    fois: int
    apres_jours: int = 5
    jours_du_mois: tuple[int, ...] = ()


Reprises = Mapping[Famille, Reprise]

REPRISES: Reprises = {Famille.PROVISION: Reprise(1, apres_jours=5), Famille.PASSAGER: Reprise(1, apres_jours=1)}
"""What holds until the CCAS decides otherwise (`conditions.py`)."""


def famille_du_refus(code: str | None) -> Famille:
    """The story that a decline code tells; AUTRE for those that tell a family nothing."""
    return _CODES.get(code or "", Famille.AUTRE)


def jour_de_reprise(famille: Famille, reprises: Reprises, *, deja: int, refuse_le: date) -> date | None:
    """The day on which a charge refused on `refuse_le` is tried again, `deja` times tried again so far; None: never."""
    regle = reprises.get(famille)
    if regle is None or famille not in REPRENABLES or deja >= regle.fois:
        return None
    if not regle.jours_du_mois:
        return refuse_le + timedelta(days=max(1, regle.apres_jours))
    following = (refuse_le + timedelta(days=ahead) for ahead in range(1, 63))
    return next((day for day in following if day.day in regle.jours_du_mois), None)

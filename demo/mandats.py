"""The demo town's SEPA mandates: some families that paid at their maison let their bank account be debited from now on.

Signed a few days ago, after the past's last échéance: what they owed before is still paid at the maison, and the
next closing announces their first debit. The last one's account is short of money, as the bank says two weeks later.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from paiements.models.en_ligne import Mandat, Mode, Reglement

IBANS = ("FR1420041010050500013M02606", "FR3020041010050500013M02609") * 2 + ("FR8420041010050500013M02607",)
"""The local Stripe's, one a family; the last is refused."""

# The latest to have come: the first ones have a part in the played week.
_SIGNATAIRES = text(
    """
    SELECT f.id FROM foyer f JOIN reglement r ON r.foyer_id = f.id AND r.mode = 'maison'
    WHERE f.canal = 'email' AND NOT EXISTS (SELECT FROM reste t WHERE t.foyer_id = f.id)
      AND f.id > (SELECT avg(id) FROM foyer)
    ORDER BY f.id DESC LIMIT :combien
    """
)


def signer(session: Session, maintenant: datetime) -> None:
    """Have their mandates signed three days before `maintenant`, at most one for each account."""
    for foyer_id, iban in zip(session.scalars(_SIGNATAIRES, {"combien": len(IBANS)}).all(), IBANS, strict=False):
        session.add(
            Mandat(
                foyer_id=foyer_id,
                stripe_id=f"pm_sepa{foyer_id:06d}",
                mandat_stripe=f"mandate_demo{foyer_id:06d}",
                reference=f"DEMO{foyer_id:06d}",
                derniers_chiffres=iban[-4:],
                signe_le=maintenant - timedelta(days=3),
            )
        )
        session.get_one(Reglement, foyer_id).mode = Mode.SEPA


def chez_stripe(session: Session) -> list[dict[str, Any]]:
    """The accounts and mandates as the local Stripe takes them."""
    by_end = {iban[-4:]: iban for iban in IBANS}
    payer = select(Mandat, Reglement.client_stripe).join(Reglement, Reglement.foyer_id == Mandat.foyer_id)
    signed = session.execute(payer.order_by(Mandat.id))
    return [
        {
            "customer": customer,
            "payment_method": one.stripe_id,
            "mandate": one.mandat_stripe,
            "reference": one.reference,
            "iban": by_end[one.derniers_chiffres],
        }
        for one, customer in signed
    ]

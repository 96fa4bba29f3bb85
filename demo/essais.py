"""What the CCAS of the demo town did by hand at Stripe: two euros that its ledger does not know.

The first, before the town's first charge, was explained by the régisseuse in its time. The last, of these days, is
what the next reconciliation names.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.models import Compte
from kernel.web.access import Role
from paiements.models.en_ligne import Paiement
from paiements.rapprochement.models import Ecart
from paiements.regles.etats import Etat

EXPLIQUE, A_EXPLIQUER = "pi_3EssaiDuCCAS", "pi_3NouvelEssaiDuCCAS"
"""Named as Stripe names what it has: a person copies it there from the page."""
UN_EURO = 100
PAYEUR = {"customer": "cus_essai_ccas", "payment_method": "pm_essai_ccas"}


def expliquer(session: Session) -> None:
    """Have the first euro found by the reconciliation of its night, and explained in the morning."""
    moments = _moments(session)
    regisseuse = session.scalars(select(Compte.id).where(Compte.role == Role.REGISSEUR)).one()
    if not moments:
        return
    found = moments[0] + timedelta(days=1)
    session.add(
        Ecart(
            piece=f"stripe:{_charge(EXPLIQUE)}",
            nature="paiement",
            ailleurs=UN_EURO,
            grand_livre=0,
            constate_le=found,
            resolu_le=found + timedelta(hours=9),
            resolu_par=regisseuse,
            motif="Essai du paiement en ligne avant l’ouverture, avec la carte du CCAS.",
        )
    )


def chez_stripe(session: Session) -> dict[str, Sequence[dict[str, Any]]]:
    """The payer and the two payments, as the local Stripe takes them; nothing where nobody has paid yet."""
    moments = _moments(session)
    return {
        "customers": [{**PAYEUR, "name": "Essai du CCAS", "number": "4242424242424242"}] if moments else [],
        "payments": [
            {**PAYEUR, "id": name, "charge": _charge(name), "amount": UN_EURO, "created": int(when.timestamp())}
            | {"description": "Essai du CCAS"}
            for name, when in zip((EXPLIQUE, A_EXPLIQUER), moments, strict=False)
        ],
    }


def _moments(session: Session) -> list[datetime]:
    """An hour before the first payment of the town, and an hour after the last; none before there is any."""
    ends = select(func.min(Paiement.conclu_le), func.max(Paiement.conclu_le)).where(Paiement.etat == Etat.REUSSI)
    first, last = session.execute(ends).one()
    hour = timedelta(hours=1)
    return [(first - hour).astimezone(UTC), (last + hour).astimezone(UTC)] if first and last else []


def _charge(intention: str) -> str:
    return intention.replace("pi_", "ch_", 1)

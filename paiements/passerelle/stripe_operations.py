"""What has moved our balance at Stripe: its balance transactions, gross and with their fees."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from paiements.passerelle.contrat import NatureOperation, OperationLue
from paiements.passerelle.stripe_appels import appel, nom

if TYPE_CHECKING:
    from stripe.params import BalanceTransactionListParams

_PAGE = 100
_NATURES = {
    "charge": NatureOperation.PAIEMENT,
    "refund": NatureOperation.REMBOURSEMENT,
    "dispute": NatureOperation.LITIGE,
    "payout": NatureOperation.VIREMENT,
}
"""By the kind of what moved: a type of Stripe's has several names for one thing (charge, payment, adjustment)."""


def lire_operations(depuis: datetime | None) -> list[OperationLue]:
    params: BalanceTransactionListParams = {"limit": _PAGE, "expand": ["data.source"]}
    if depuis is not None:
        params["created"] = {"gte": int(depuis.timestamp())}
    with appel() as client:
        page = client.v1.balance_transactions.list(params=params)
        read = [_operation(one) for one in page.auto_paging_iter()]
    return read[::-1]


def _operation(one: Any) -> OperationLue:
    source = None if one.source is None or isinstance(one.source, str) else one.source
    nature = _NATURES.get(getattr(source, "object", ""), NatureOperation.AUTRE)
    if one.reporting_category == "fee":
        nature = NatureOperation.FRAIS
    intention = nom(getattr(source, "payment_intent", None))
    le = datetime.fromtimestamp(one.created, UTC)
    return OperationLue(one.id, nature, nom(one.source) or one.id, intention, one.amount, one.fee, le)

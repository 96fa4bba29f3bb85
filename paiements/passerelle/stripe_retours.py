"""Money that goes back at Stripe: refunds, and disputes as they stand."""

from typing import Any

from paiements.passerelle.contrat import REFERENCE, LitigeLu, RemboursementLu, Retour
from paiements.passerelle.stripe_appels import appel, nom, reference


def rembourser(retour: Retour) -> RemboursementLu:
    import stripe  # noqa: PLC0415

    try:
        with appel() as client:
            made = client.v1.refunds.create(
                params={
                    "payment_intent": retour.intention,
                    "amount": retour.montant,
                    "metadata": {REFERENCE: retour.cle},
                },
                options={"idempotency_key": retour.cle},
            )
    except stripe.InvalidRequestError as error:
        # Refunded already, disputed, or more than is left: an answer about this payment, not a bug of ours.
        return RemboursementLu(None, retour.cle, retour.montant, rendu=False, code=error.code or "refuse")
    return _remboursement(made)


def lire_remboursements(intention: str) -> list[RemboursementLu]:
    with appel() as client:
        page = client.v1.refunds.list(params={"payment_intent": intention, "limit": 100})
        return [_remboursement(one) for one in page.auto_paging_iter()]


def intention_du_paiement(charge_id: str) -> str | None:
    with appel() as client:
        return nom(client.v1.charges.retrieve(charge_id).payment_intent)


def intention_du_retour(retour_id: str) -> str | None:
    with appel() as client:
        return nom(client.v1.refunds.retrieve(retour_id).payment_intent)


def lire_litige(litige_id: str) -> LitigeLu:
    with appel() as client:
        lu = client.v1.disputes.retrieve(litige_id)
    gagne = None if lu.status not in ("won", "lost", "warning_closed") else lu.status != "lost"
    return LitigeLu(lu.id, nom(lu.payment_intent) or "", lu.amount, lu.reason, gagne, lu.status.startswith("warning"))


def _remboursement(made: Any) -> RemboursementLu:
    refuse = made.status in ("failed", "canceled")
    code = getattr(made, "failure_reason", None) or made.status
    return RemboursementLu(made.id, reference(made), made.amount, rendu=not refuse, code=code if refuse else None)

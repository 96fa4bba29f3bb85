"""The link of a mail that leads to a payment: one échéance, thirty days, no password."""

from datetime import timedelta

from kernel.links import Link
from kernel.settings import get_settings

PAIEMENT = Link(
    purpose="paiement d’une échéance",
    lasts=timedelta(days=30),
    broken="Ce lien est incomplet ou abîmé. Reprenez-le dans le courriel, ou passez à votre maison.",
    too_old=(
        "Ce lien a plus de trente jours : il ne s’ouvre plus. Connectez-vous à votre compte pour payer, ou passez à"
        " votre maison."
    ),
)


def lien_pour_payer(echeance_id: int) -> str:
    """The address that pays an échéance."""
    return f"{get_settings().public_url}/paiements/lien/{jeton(echeance_id)}"


def jeton(echeance_id: int) -> str:
    return PAIEMENT.sign(echeance_id)


def echeance_du_jeton(jeton: str) -> int:
    """The échéance that a link pays. Raises Refus when the link is forged, cut short, or too old."""
    return int(PAIEMENT.read(jeton))

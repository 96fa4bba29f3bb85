"""The link of a producer's mail: one order, three weeks, no password."""

from datetime import timedelta

from kernel.links import Link

COMMANDE = Link(
    purpose="commande d’un producteur",
    lasts=timedelta(days=21),
    broken="Ce lien est incomplet ou abîmé. Reprenez-le dans le courriel, ou appelez la coordination.",
    too_old=(
        "Ce lien a plus de trois semaines : il ne s’ouvre plus. Appelez la coordination, elle vous en enverra un autre."
    ),
)


def jeton_de_commande(commande_id: int) -> str:
    """What stands at the end of the link in a producer's mail."""
    return COMMANDE.sign(commande_id)


def commande_du_jeton(jeton: str) -> int:
    """The order that a link names. Raises Refus when the link is forged, cut short, or too old."""
    return int(COMMANDE.read(jeton))

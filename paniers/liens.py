"""The links of our mails, each for one thing and a time, without a password.

A producer's order, or its offers of one week; a place offered by the waiting list; the renewal of one term.
"""

from datetime import date, timedelta

from kernel.errors import Refus
from kernel.links import Link
from kernel.settings import get_settings

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


PLACE = Link(
    purpose="place offerte par la liste d’attente",
    lasts=timedelta(days=14),  # longer than the offer, so that who comes late reads what became of it
    broken="Ce lien est incomplet ou abîmé. Reprenez-le dans le courriel, ou passez à votre maison.",
    too_old="Ce lien a plus de quatorze jours : il ne s’ouvre plus. Connectez-vous, ou passez à votre maison.",
)
RENOUVELLEMENT = Link(
    purpose="renouvellement d’un abonnement",
    lasts=timedelta(days=28),
    broken="Ce lien est incomplet ou abîmé. Reprenez-le dans le courriel, ou passez à votre maison.",
    too_old="Ce lien a plus de quatre semaines : il ne s’ouvre plus. Connectez-vous, ou passez à votre maison.",
)


def jeton_de_place(attente_id: int) -> str:
    """What stands at the end of the link of an offered place."""
    return PLACE.sign(attente_id)


def lien_de_place(attente_id: int) -> str:
    """The address at which a family reads what is offered, and answers."""
    return f"{get_settings().public_url}/place/{jeton_de_place(attente_id)}"


def place_du_jeton(jeton: str) -> int:
    """The request that a link names. Raises Refus when the link is forged, cut short, or too old."""
    return int(PLACE.read(jeton))


def jeton_de_renouvellement(abonnement_id: int, fin: date) -> str:
    """What stands at the end of the link that renews the term ending on `fin`, and no later one."""
    return RENOUVELLEMENT.sign([abonnement_id, fin.isoformat()])


def lien_pour_renouveler(abonnement_id: int, fin: date) -> str:
    """The address that renews the term ending on `fin`."""
    return f"{get_settings().public_url}/renouveler/{jeton_de_renouvellement(abonnement_id, fin)}"


def renouvellement_du_jeton(jeton: str) -> tuple[int, date]:
    """The subscription and the end of the term that a link renews. Raises Refus."""
    abonnement_id, fin = RENOUVELLEMENT.read(jeton)
    return int(abonnement_id), date.fromisoformat(fin)


OFFRES = Link(
    purpose="offres d’un producteur",
    lasts=timedelta(days=8),
    broken=COMMANDE.broken,
    too_old="Ce lien a plus d’une semaine : il ne s’ouvre plus. Connectez-vous, ou appelez la coordination.",
)


def jeton_d_offres(producteur_id: int, semaine_id: int) -> str:
    """What stands at the end of the link that opens a producer's offers for a week."""
    return OFFRES.sign([producteur_id, semaine_id])


def offres_du_jeton(jeton: str) -> tuple[int, int]:
    """The producer and the week that a link names. Raises Refus when it is forged, cut short, or too old."""
    match OFFRES.read(jeton):
        case [int(producteur_id), int(semaine_id)]:
            return producteur_id, semaine_id
    raise Refus(OFFRES.broken, status=404)

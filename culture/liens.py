"""The links of messages about outings, each for one thing and a time, without a password."""

from datetime import timedelta

from kernel.errors import Refus
from kernel.links import Link
from kernel.settings import get_settings

PLACES = Link(
    purpose="places offertes à une sortie",
    lasts=timedelta(days=14),  # longer than the offer, so that who comes late reads what became of it
    broken="Ce lien est incomplet ou abîmé. Reprenez-le dans le courriel, ou passez à votre maison.",
    too_old="Ce lien a plus de quatorze jours : il ne s’ouvre plus. Connectez-vous, ou passez à votre maison.",
)
LIEU = Link(
    purpose="une sortie et son lieu",
    lasts=timedelta(days=90),  # each message to the venue carries a fresh one
    broken="Ce lien est incomplet ou abîmé. Reprenez-le dans le courriel, ou appelez la coordination.",
    too_old=(
        "Ce lien a plus de trois mois : il ne s’ouvre plus. Appelez la coordination, elle vous en enverra un autre."
    ),
)


AVIS = Link(
    purpose="avis sur une sortie",
    lasts=timedelta(days=60),  # longer than one may answer, so that who comes late reads that it is closed
    broken="Ce lien est incomplet ou abîmé. Reprenez-le dans le courriel, ou parlez-nous à votre maison.",
    too_old="Ce lien est trop ancien : les réponses sont closes. Parlez-nous à votre maison.",
)


def jeton_d_avis(sortie_id: int, foyer_id: int) -> str:
    """What stands at the end of the link of the two questions."""
    return AVIS.sign([sortie_id, foyer_id])


def avis_du_jeton(jeton: str) -> tuple[int, int]:
    """The outing and the household that a link names. Raises Refus when it is forged, cut short, or too old."""
    sortie_id, foyer_id = AVIS.read(jeton)
    return int(sortie_id), int(foyer_id)


def lien_d_avis(sortie_id: int, foyer_id: int) -> str:
    return f"{get_settings().public_url}/sorties/avis/{jeton_d_avis(sortie_id, foyer_id)}"


def jeton_de_places(inscription_id: int) -> str:
    """What stands at the end of the link of offered seats."""
    return PLACES.sign(inscription_id)


def places_du_jeton(jeton: str) -> int:
    """The inscription that a link names. Raises Refus when the link is forged, cut short, or too old."""
    return int(PLACES.read(jeton))


def lien_des_places(inscription_id: int) -> str:
    """The address at which offered seats are taken or left."""
    return f"{get_settings().public_url}/sorties/places/{jeton_de_places(inscription_id)}"


def adresse_de_la_sortie(sortie_id: int) -> str:
    return f"{get_settings().public_url}/sorties/{sortie_id}"


def jeton_du_lieu(sortie_id: int, lieu_id: int) -> str:
    """What stands at the end of the venue's link: once the outing goes elsewhere, it opens nothing more."""
    return LIEU.sign([sortie_id, lieu_id])


def sortie_et_lieu_du_jeton(jeton: str) -> tuple[int, int]:
    """The outing and the venue that a link names. Raises Refus when it is forged, cut short, or too old."""
    match LIEU.read(jeton):
        case [int(sortie_id), int(lieu_id)]:
            return sortie_id, lieu_id
    raise Refus(LIEU.broken, status=404)


def lien_du_lieu(sortie_id: int, lieu_id: int) -> str:
    """The address at which a venue reads how many come, and answers."""
    return f"{get_settings().public_url}/lieu/{jeton_du_lieu(sortie_id, lieu_id)}"

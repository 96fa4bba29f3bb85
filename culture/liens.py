"""The links of messages about outings, each for one thing and a time, without a password."""

from datetime import timedelta

from kernel.links import Link
from kernel.settings import get_settings

PLACES = Link(
    purpose="places offertes à une sortie",
    lasts=timedelta(days=14),  # longer than the offer, so that who comes late reads what became of it
    broken="Ce lien est incomplet ou abîmé. Reprenez-le dans le courriel, ou passez à votre maison.",
    too_old="Ce lien a plus de quatorze jours : il ne s’ouvre plus. Connectez-vous, ou passez à votre maison.",
)


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

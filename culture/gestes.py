"""What the actors of outings were doing, in words, for the page of deliveries en souffrance."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture.models import Sortie
from culture.models_inscriptions import Inscription
from culture.models_pass import PassCulture
from kernel.formats import jour, jour_court
from kernel.operations import Geste, Payload


def _inscriptions(session: Session, payloads: Sequence[Payload]) -> list[str]:
    """Which outing and when; the household stays unnamed."""
    keys = [payload["inscription_id"] for payload in payloads if isinstance(payload.get("inscription_id"), int)]
    rows = session.execute(
        select(Inscription.id, Sortie.titre, Sortie.debut_le)
        .join(Sortie, Sortie.id == Inscription.sortie_id)
        .where(Inscription.id.in_(keys))
    )
    words = {row.id: f"{row.titre}, {jour(row.debut_le)}" for row in rows}
    return [words.get(payload.get("inscription_id", 0), "") for payload in payloads]


def _passes(session: Session, payloads: Sequence[Payload]) -> list[str]:
    keys = [payload["pass_id"] for payload in payloads if isinstance(payload.get("pass_id"), int)]
    rows = session.execute(select(PassCulture.id, PassCulture.delivre_le).where(PassCulture.id.in_(keys)))
    words = {row.id: f"carte délivrée le {jour_court(row.delivre_le)}" for row in rows}
    return [words.get(payload.get("pass_id", 0), "") for payload in payloads]


GESTES = {
    "preparer_pass": Geste("Préparer la carte culture d’une personne", _passes),
    "confirmer_inscription": Geste("Écrire à une famille que ses places sont réservées", _inscriptions),
    "annoncer_places_de_sortie": Geste("Prévenir une famille que des places l’attendent", _inscriptions),
    "annoncer_offre_de_sortie_expiree": Geste(
        "Écrire à une famille que ses places ne sont plus gardées", _inscriptions
    ),
    "annoncer_depassement": Geste("Écrire à un groupe qu’un plus petit est passé devant", _inscriptions),
    "annoncer_places_rendues": Geste("Écrire à une famille que ses places sont rendues", _inscriptions),
}

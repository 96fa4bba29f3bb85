"""What the actors of households were doing, in words, for the page of deliveries en souffrance."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Compte, Foyer, Maison
from foyers.models_messages import Liasse
from kernel.operations import Geste, Payload


def _liasses(session: Session, payloads: Sequence[Payload]) -> list[str]:
    keys = [payload["liasse_id"] for payload in payloads if isinstance(payload.get("liasse_id"), int)]
    rows = session.execute(
        select(Liasse.id, Maison.nom).join(Maison, Maison.id == Liasse.maison_id).where(Liasse.id.in_(keys))
    )
    words = {row.id: row.nom for row in rows}
    return [words.get(payload.get("liasse_id", 0), "") for payload in payloads]


def _comptes(session: Session, payloads: Sequence[Payload]) -> list[str]:
    """Where; the household stays unnamed."""
    keys = [payload["compte_id"] for payload in payloads if isinstance(payload.get("compte_id"), int)]
    rows = session.execute(
        select(Compte.id, Maison.nom)
        .join(Foyer, Foyer.id == Compte.foyer_id)
        .join(Maison, Maison.id == Foyer.maison_id)
        .where(Compte.id.in_(keys))
    )
    words = {row.id: row.nom for row in rows}
    return [words.get(payload.get("compte_id", 0), "") for payload in payloads]


GESTES = {
    "annoncer_compte": Geste("Dire à une famille que son compte est ouvert", _comptes),
    "preparer_liasse": Geste("Mettre en page les lettres ou les appels d’une maison", _liasses),
}

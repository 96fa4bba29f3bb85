"""What the actors of outings were doing, in the coordination's words, for the page of deliveries en souffrance."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture.models import Sortie
from kernel.formats import jour
from kernel.operations import Geste, Payload


def _sorties(session: Session, payloads: Sequence[Payload]) -> list[str]:
    keys = [payload["sortie_id"] for payload in payloads if isinstance(payload.get("sortie_id"), int)]
    rows = session.execute(select(Sortie.id, Sortie.titre, Sortie.debut_le).where(Sortie.id.in_(keys)))
    words = {row.id: f"{row.titre}, {jour(row.debut_le)}" for row in rows}
    return [words.get(payload.get("sortie_id", 0), "") for payload in payloads]


GESTES = {
    "annoncer_sortie_annulee": Geste("Écrire aux familles qu’une sortie est annulée", _sorties),
    "annoncer_sortie_modifiee": Geste("Écrire aux familles ce qui change pour une sortie", _sorties),
    "preparer_papiers": Geste("Mettre en page la liste d’une sortie", _sorties),
}

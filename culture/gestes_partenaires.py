"""What the actors of venues were doing, in the coordination's words, for the page of deliveries en souffrance."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture.models import Sortie
from culture.models_soiree import Contremarque, DemandeLieu, EffectifEnvoye, ReponseLieu
from kernel.formats import jour
from kernel.operations import Geste, Payload


def _de(table: Any, nom: str) -> Callable[[Session, Sequence[Payload]], list[str]]:
    """Which outing and when, of rows of that table that the payload names."""

    def read(session: Session, payloads: Sequence[Payload]) -> list[str]:
        keys = [payload[nom] for payload in payloads if isinstance(payload.get(nom), int)]
        named = select(Sortie.id, Sortie.titre, Sortie.debut_le)
        if table is not Sortie:
            named = select(table.id, Sortie.titre, Sortie.debut_le).join(Sortie, Sortie.id == table.sortie_id)
        rows = session.execute(named.where(table.id.in_(keys)))
        words = {key: f"{titre}, {jour(le)}" for key, titre, le in rows}
        return [words.get(payload.get(nom, 0), "") for payload in payloads]

    return read


GESTES = {
    "solliciter_lieu": Geste("Demander à un lieu de confirmer une sortie", _de(DemandeLieu, "demande_id")),
    "annoncer_reponse_du_lieu": Geste("Prévenir la coordination qu’un lieu a répondu", _de(ReponseLieu, "reponse_id")),
    "envoyer_effectif": Geste("Dire à un lieu combien de personnes viennent", _de(EffectifEnvoye, "effectif_id")),
    "preparer_contremarque": Geste("Mettre en page une contremarque", _de(Contremarque, "contremarque_id")),
    "envoyer_contremarque": Geste("Envoyer une contremarque à un lieu", _de(Contremarque, "contremarque_id")),
    "annoncer_annulation_au_lieu": Geste("Écrire à un lieu qu’une sortie est annulée", _de(Sortie, "sortie_id")),
}

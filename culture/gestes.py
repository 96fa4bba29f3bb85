"""What the actors of outings were doing, in the coordination's words, for the page of deliveries en souffrance.

A household stays unnamed: an outing and its day say enough.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture.models.inscriptions import Inscription
from culture.models.pass_culture import PassCulture
from culture.models.soiree import Contremarque, DemandeLieu, EffectifEnvoye, ReponseLieu
from culture.models.sorties import Sortie
from kernel.formats import jour, jour_court
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


def _passes(session: Session, payloads: Sequence[Payload]) -> list[str]:
    keys = [payload["pass_id"] for payload in payloads if isinstance(payload.get("pass_id"), int)]
    rows = session.execute(select(PassCulture.id, PassCulture.delivre_le).where(PassCulture.id.in_(keys)))
    words = {row.id: f"carte délivrée le {jour_court(row.delivre_le)}" for row in rows}
    return [words.get(payload.get("pass_id", 0), "") for payload in payloads]


_inscriptions = _de(Inscription, "inscription_id")
_sorties = _de(Sortie, "sortie_id")

GESTES = {
    "preparer_pass": Geste("Préparer la carte culture d’une personne", _passes),
    "confirmer_inscription": Geste("Écrire à une famille que ses places sont réservées", _inscriptions),
    "annoncer_places_de_sortie": Geste("Prévenir une famille que des places l’attendent", _inscriptions),
    "annoncer_offre_de_sortie_expiree": Geste(
        "Écrire à une famille que ses places ne sont plus gardées", _inscriptions
    ),
    "annoncer_depassement": Geste("Écrire à un groupe qu’un plus petit est passé devant", _inscriptions),
    "annoncer_places_rendues": Geste("Écrire à une famille que ses places sont rendues", _inscriptions),
    "annoncer_sortie_annulee": Geste("Écrire aux familles qu’une sortie est annulée", _sorties),
    "annoncer_sortie_modifiee": Geste("Écrire aux familles ce qui change pour une sortie", _sorties),
    "preparer_papiers": Geste("Mettre en page la liste d’une sortie", _sorties),
    "solliciter_lieu": Geste("Demander à un lieu de confirmer une sortie", _de(DemandeLieu, "demande_id")),
    "annoncer_reponse_du_lieu": Geste("Prévenir la coordination qu’un lieu a répondu", _de(ReponseLieu, "reponse_id")),
    "envoyer_effectif": Geste("Dire à un lieu combien de personnes viennent", _de(EffectifEnvoye, "effectif_id")),
    "preparer_contremarque": Geste("Mettre en page une contremarque", _de(Contremarque, "contremarque_id")),
    "envoyer_contremarque": Geste("Envoyer une contremarque à un lieu", _de(Contremarque, "contremarque_id")),
    "annoncer_annulation_au_lieu": Geste("Écrire à un lieu qu’une sortie est annulée", _sorties),
}

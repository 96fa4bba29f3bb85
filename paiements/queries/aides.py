"""What the coordination reads of the aid that a household has had."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from foyers.models import Compte
from kernel.errors import Introuvable
from paiements.models.en_ligne import Aide

MONTREES = 20


@dataclass(frozen=True, slots=True)
class AideVue:
    """An aid, in centimes; `par` who gave it, `motif_annulation` why it was undone since."""

    id: int
    montant: int
    motif: str
    le: datetime
    par: str | None
    annulee_le: datetime | None
    motif_annulation: str | None


def aides(session: Session, foyer_id: int) -> Sequence[AideVue]:
    """The household's, the latest first."""
    read = _AIDES.where(Aide.foyer_id == foyer_id).order_by(Aide.id.desc()).limit(MONTREES)
    return [_vue(*row) for row in session.execute(read)]


def aide(session: Session, aide_id: int) -> AideVue:
    """Raises Introuvable."""
    found = session.execute(_AIDES.where(Aide.id == aide_id)).one_or_none()
    if found is None:
        raise Introuvable
    return _vue(*found)


def _vue(given: Aide, par: str | None) -> AideVue:
    return AideVue(
        given.id, given.montant, given.motif, given.accordee_le, par, given.annulee_le, given.motif_annulation
    )


_AIDES: Select[Aide, str] = select(Aide, Compte.nom).outerjoin(Compte, Compte.id == Aide.accordee_par)

"""Sealed quotients under a new key: what lets an operator take the old one away."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.dossiers import place_du_qf
from foyers.models import JustificatifQF
from kernel.sealed import seal, unseal
from kernel.settings import get_settings


def resceller(session: Session, *, au_plus: int = 500) -> int:
    """Seal anew, under the first of DATA_KEYS, up to `au_plus` quotients that are under another; returns how many.

    Raises `Unsealable` when the key of one of them is gone.
    """
    current = next(iter(get_settings().data_keys))
    older = (
        select(JustificatifQF)
        .where(func.get_byte(JustificatifQF.valeur_scellee, 0) != current)
        .order_by(JustificatifQF.id)
        .limit(au_plus)
        .with_for_update()
    )
    found = session.scalars(older).all()
    for proof in found:
        place = place_du_qf(proof.foyer_id)
        proof.valeur_scellee = seal(unseal(proof.valeur_scellee, place), place)
    return len(found)

"""The locks of outings, always taken in one order, so that nobody waits in a ring.

**Households by ascending key, then the outing.** Whoever holds the outing touches inscriptions of other households only
in ways that need no lock of theirs (an offer debits nothing). See ADR 0012.
"""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from culture.models.sorties import Sortie
from foyers.models import Foyer
from kernel.errors import Introuvable

# Against one another's changes, not against the foreign keys of rows that others write.
VERROU = {"key_share": True}


def verrouiller_foyers(session: Session, foyer_ids: Iterable[int]) -> dict[int, Foyer]:
    """The households locked, by ascending key whatever the order given. Raises Introuvable."""
    locked = {}
    for key in sorted(set(foyer_ids)):
        foyer = session.get(Foyer, key, with_for_update=VERROU, populate_existing=True)
        if foyer is None:
            raise Introuvable
        locked[key] = foyer
    return locked


def verrouiller_sortie(session: Session, sortie_id: int) -> Sortie:
    """The outing locked, read as it now stands. Raises Introuvable."""
    sortie = session.get(Sortie, sortie_id, with_for_update=VERROU, populate_existing=True)
    if sortie is None:
        raise Introuvable
    return sortie

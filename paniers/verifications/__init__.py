"""The invariants of baskets, as queries that share no code with what they check; by subject."""

from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from kernel.clock import now
from paniers.importation.depot import GARDE
from paniers.models.importation import Importation
from paniers.verifications import contrats, corrections, distributions, paniers, places, solidarite

EVERY = {
    **corrections.CORRECTIONS,
    **contrats.CONTRATS,
    **paniers.CHECKS,
    **distributions.CHECKS,
    **solidarite.CHECKS,
}
"""Each query returns the rows that break the rule; its sentence names them."""


def verifier(session: Session) -> list[str]:
    """What does not hold, a French sentence each; at most twenty of a kind."""
    found = [sentence.format(**row._mapping) for sentence, query in EVERY.items() for row in session.execute(query)]
    return found + places.verifier(session) + _fichiers_gardes(session)


def _fichiers_gardes(session: Session) -> list[str]:
    """Spreadsheets of households that should be forgotten; an hour is left to the timetable."""
    too_old = now() - GARDE - timedelta(hours=1)
    kept = select(func.count()).where(
        Importation.deposee_le < too_old, or_(Importation.contenu.is_not(None), Importation.rapport.is_not(None))
    )
    count = session.scalar(kept)
    return [f"{count} tableurs de foyers sont gardés depuis plus d’un jour."] if count else []

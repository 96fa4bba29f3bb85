"""What the calendar makes due towards venues: the head-count a week ahead and on the eve, each once.

Entry point, called by the timetable: it opens its own transactions. What has been told is a row that can be written
once, so an outage tells later, two timetables tell once, and a late one tells what a punctual one would have.
"""

from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from culture import contremarques
from culture.effectifs import compter
from culture.events import EffectifArrete
from culture.models.soiree import EffectifEnvoye
from culture.models.sorties import Sortie
from culture.regles.etats import VIVANTES
from kernel.clock import PARIS, paris
from kernel.db import reading, transaction
from kernel.outbox import publish

MATIN = time(9)
JALONS = (7, 1)
LE_PLUS_TOT = timedelta(days=JALONS[0] + 1)


def tenir_les_lieux_au_courant(instant: datetime) -> None:
    """1. head-counts that are due; 2. group vouchers that no longer say how many come."""
    with reading() as session:
        coming = session.execute(
            select(Sortie.id, Sortie.debut_le, Sortie.creee_le, Sortie.ouverture_le)
            .where(Sortie.etat.in_(VIVANTES), Sortie.debut_le > instant, Sortie.debut_le <= instant + LE_PLUS_TOT)
            .order_by(Sortie.id)
        ).all()
        told = _dits(session, [row.id for row in coming])
    for key, begins, written, opened in coming:
        due = jalon_du(begins, instant)
        # What was not open to anybody on that morning had no head-count then.
        if due is not None and (key, due) not in told and max(written, opened) <= instant_du(begins, due):
            with transaction() as session:
                _arreter(session, key, due, instant_du(begins, due))
    contremarques.corriger_ce_qui_a_change(instant)


def instant_du(debut_le: datetime, jalon: int) -> datetime:
    """The morning, in Paris, on which a head-count is due. Pure."""
    return paris(debut_le.astimezone(PARIS).date() - timedelta(days=jalon), MATIN)


def jalon_du(debut_le: datetime, instant: datetime) -> int | None:
    """Which head-count is due: on the eve the one of the week before is of no use any more. Pure."""
    return next((jalon for jalon in sorted(JALONS) if instant >= instant_du(debut_le, jalon)), None)


def _dits(session: Session, keys: list[int]) -> set[tuple[int, int]]:
    rows = session.execute(
        select(EffectifEnvoye.sortie_id, EffectifEnvoye.jalon).where(EffectifEnvoye.sortie_id.in_(keys))
    )
    return {(key, jalon) for key, jalon in rows}


def _arreter(session: Session, sortie_id: int, jalon: int, le: datetime) -> None:
    """Write how many came as of `le`, unless it has been told."""
    count = compter(session, sortie_id, le)
    row = {"sortie_id": sortie_id, "jalon": jalon, "nombre": count.nombre, "detail": count.detail, "le": le}
    made = insert(EffectifEnvoye).values(row).on_conflict_do_nothing().returning(EffectifEnvoye.id)
    publish(session, *map(EffectifArrete, session.scalars(made)))

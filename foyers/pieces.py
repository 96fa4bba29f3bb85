"""The proof of a quotient familial: sent by the family or scanned at the counter, kept sealed, gone once answered.

What is kept is not what was sent but the pages that `kernel.uploads` drew of it. Nobody reads them but the agent who
checks, and each reading is written down before a page is opened. An answer deletes them (`effacer`), whatever it is;
what nobody has read for eight weeks goes too.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from foyers.models import JustificatifQF, LectureQF, PieceQF
from kernel.clock import now
from kernel.errors import Introuvable, Refus
from kernel.sealed import seal_bytes, unseal_bytes

# Twice the four weeks for which an unchecked quotient counts: past them the price has long been the top one, and the
# family has been told to come again.
SEMAINES_GARDEES = 8
MOTIF_DE_LECTURE = "lecture de l’attestation envoyée"


def deposer(
    session: Session, foyer_id: int, pages: Sequence[bytes], *, par: int | None, le: datetime | None = None
) -> int:
    """Keep the drawn pages as the proof of the household's latest quotient that waits for one, in place of others.

    Returns that quotient's key. Raises Refus when none waits: the pages would prove nothing.
    """
    given = session.scalars(
        select(JustificatifQF)
        .where(
            JustificatifQF.foyer_id == foyer_id,
            JustificatifQF.verifie_le.is_(None),
            JustificatifQF.refuse_le.is_(None),
        )
        .order_by(JustificatifQF.declare_le.desc(), JustificatifQF.id.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if given is None:
        raise Refus(_("Aucun quotient n’attend d’attestation. Donnez d’abord celui qui est écrit dessus."))
    effacer(session, given.id)
    for number, page in enumerate(pages, start=1):
        session.add(
            PieceQF(
                justificatif_id=given.id,
                page=number,
                image_scellee=seal_bytes(page, place_de_la_page(foyer_id, given.id, number)),
                deposee_le=le or now(),
                deposee_par=par,
            )
        )
    return given.id


def effacer(session: Session, justificatif_id: int) -> None:
    """Delete the pages of that quotient; none, and nothing happens."""
    session.execute(delete(PieceQF).where(PieceQF.justificatif_id == justificatif_id))


def retirer(session: Session, foyer_id: int) -> None:
    """The family takes back what it has sent and nobody has answered yet."""
    mine = select(JustificatifQF.id).where(JustificatifQF.foyer_id == foyer_id)
    session.execute(delete(PieceQF).where(PieceQF.justificatif_id.in_(mine)))


def lire(session: Session, justificatif_id: int, *, agent: int) -> list[bytes]:
    """The proof's pages, JPEG, for an agent (an account): the reading is written down first. Raises Introuvable."""
    given = session.get(JustificatifQF, justificatif_id)
    if given is None:
        raise Introuvable
    session.add(LectureQF(foyer_id=given.foyer_id, compte_id=agent, motif=MOTIF_DE_LECTURE, le=now()))
    session.flush()  # no page is opened before the database has taken the reading
    kept = session.scalars(
        select(PieceQF).where(PieceQF.justificatif_id == justificatif_id).order_by(PieceQF.page)
    ).all()
    return [
        unseal_bytes(one.image_scellee, place_de_la_page(given.foyer_id, justificatif_id, one.page)) for one in kept
    ]


def deposee_le(session: Session, foyer_id: int) -> datetime | None:
    """When the household sent the proof that waits for an agent; None when none waits."""
    return session.scalar(
        select(func.max(PieceQF.deposee_le))
        .join(JustificatifQF, JustificatifQF.id == PieceQF.justificatif_id)
        .where(JustificatifQF.foyer_id == foyer_id)
    )


def purger(session: Session, instant: datetime) -> int:
    """Delete the pages that nobody has answered for eight weeks; returns how many."""
    old = delete(PieceQF).where(PieceQF.deposee_le <= instant - timedelta(weeks=SEMAINES_GARDEES))
    return len(session.scalars(old.returning(PieceQF.page)).all())


def place_de_la_page(foyer_id: int, justificatif_id: int, page: int) -> str:
    """The place that a page is sealed for: moved to another household, quotient or rank, it does not open."""
    return f"piece_qf:{foyer_id}:{justificatif_id}:{page}"

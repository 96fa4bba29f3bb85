"""What a family is told of its quotient familial: checked, not kept and why, its proof awaited, its end in a month.

The value itself stands in no message; the price does, as in every receipt. Reminders are found by "due and not done":
each is written down on the quotient in the transaction of its message, so an outage delays it and nothing doubles it.
"""

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from foyers.effets import TarifAVenir
from foyers.messages import Annonce, dire, dire_a_plusieurs
from foyers.models import JustificatifQF, PieceQF
from foyers.quotient import SEMAINES_SANS_PREUVE, fin_sans_preuve
from kernel.clock import PARIS
from kernel.money import Euros

PAR_TOUR = 200
# Half of the time for which it counts unchecked: soon enough to act, late enough to be news.
ATTENTE_AVANT_RAPPEL = timedelta(weeks=SEMAINES_SANS_PREUVE // 2)
AVANT_LA_FIN = timedelta(days=30)


def annoncer_accord(
    session: Session, given: JustificatifQF, *, corrige: bool, tarif: TarifAVenir | None, avant: Euros | None
) -> None:
    """The quotient is checked; `avant` is what a basket would have cost without this answer."""
    dire(
        session,
        given.foyer_id,
        cle=f"quotient:{given.id}:verifie",
        modele="foyers/quotient_verifie",
        contexte={"corrige": corrige, "jusqu_au": given.valide_jusqu_au} | _prix(session, given, tarif, avant),
    )


def annoncer_refus(session: Session, given: JustificatifQF, *, tarif: TarifAVenir | None, avant: Euros | None) -> None:
    """It could not be kept: why, what it changes, what the family can do."""
    dire(
        session,
        given.foyer_id,
        cle=f"quotient:{given.id}:refuse",
        modele="foyers/quotient_refuse",
        contexte={"motif": given.refus_motif} | _prix(session, given, tarif, avant),
    )


def rappeler_les_preuves(session: Session, instant: datetime) -> int:
    """Two weeks after a quotient was given, nobody having sent or shown its proof: say so once. Returns how many."""
    later = aliased(JustificatifQF)
    due = session.scalars(
        select(JustificatifQF)
        .where(
            JustificatifQF.verifie_le.is_(None),
            JustificatifQF.refuse_le.is_(None),
            JustificatifQF.rappel_preuve_le.is_(None),
            JustificatifQF.declare_le <= instant - ATTENTE_AVANT_RAPPEL,
            JustificatifQF.declare_le > instant - timedelta(weeks=SEMAINES_SANS_PREUVE),
            ~exists().where(PieceQF.justificatif_id == JustificatifQF.id),
            ~exists().where(later.foyer_id == JustificatifQF.foyer_id, later.declare_le > JustificatifQF.declare_le),
        )
        .order_by(JustificatifQF.declare_le)
        .limit(PAR_TOUR)
        .with_for_update(of=JustificatifQF, skip_locked=True)
    ).all()
    for given in due:
        given.rappel_preuve_le = instant
    dire_a_plusieurs(
        session,
        [
            Annonce(
                foyer_id=given.foyer_id,
                cle=f"quotient:{given.id}:preuve",
                modele="foyers/preuve_attendue",
                contexte={"jusqu_au": fin_sans_preuve(given.declare_le).astimezone(PARIS).date()},
                utile_jusqu_au=fin_sans_preuve(given.declare_le).astimezone(PARIS).date(),
            )
            for given in due
        ],
    )
    return len(due)


def rappeler_les_fins(session: Session, instant: datetime) -> int:
    """A month before the quotient that counts ends, and no newer one was given: say so once. Returns how many."""
    today = instant.astimezone(PARIS).date()
    later = aliased(JustificatifQF)
    newer = exists().where(
        later.foyer_id == JustificatifQF.foyer_id,
        later.declare_le > JustificatifQF.declare_le,
        later.refuse_le.is_(None),
    )
    due = session.scalars(
        select(JustificatifQF)
        .where(
            JustificatifQF.valide_jusqu_au >= today,
            JustificatifQF.valide_jusqu_au <= today + AVANT_LA_FIN,
            JustificatifQF.rappel_fin_le.is_(None),
            ~newer,
        )
        .order_by(JustificatifQF.valide_jusqu_au)
        .limit(PAR_TOUR)
        .with_for_update(of=JustificatifQF, skip_locked=True)
    ).all()
    for given in due:
        given.rappel_fin_le = instant
    dire_a_plusieurs(
        session,
        [
            Annonce(
                foyer_id=given.foyer_id,
                cle=f"quotient:{given.id}:fin",
                modele="foyers/quotient_expire",
                contexte={"jusqu_au": given.valide_jusqu_au},
                utile_jusqu_au=given.valide_jusqu_au,
            )
            for given in due
        ],
    )
    return len(due)


def rappeler(session: Session, instant: datetime) -> None:
    """What is due of both, a batch each; the next turn takes the next batch."""
    rappeler_les_preuves(session, instant)
    rappeler_les_fins(session, instant)


def _prix(session: Session, given: JustificatifQF, tarif: TarifAVenir | None, avant: Euros | None) -> dict[str, object]:
    """The next basket's price, before the answer and now; nothing where no week is open."""
    if tarif is None or avant is None:
        return {"prix": None, "avant": None, "retrait_le": None}
    now = tarif.du_foyer(session, given.foyer_id)
    return {"prix": now.centimes, "avant": avant.centimes, "retrait_le": tarif.retrait_le}

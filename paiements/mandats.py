"""SEPA mandates: a bank account that a household lets be debited, signed on a page that Stripe hosts."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import clock
from kernel.outbox import publish
from paiements.avancement import verrouiller_foyer
from paiements.events import MandatSigne
from paiements.models import Mandat, Mode
from paiements.passerelle import MandatLu
from paiements.reglements import mandat_en_usage, ne_plus_grouper


def adopter_mandat(session: Session, foyer_id: int, lu: MandatLu, demande_le: datetime) -> None:
    """The household pays by this account from now on, and the mandate before is retired.

    Two pages may be heard of in any order: the mandate asked for last (`demande_le`) is the one that stays. The same
    one twice is one.
    """
    reglement = verrouiller_foyer(session, foyer_id)
    if session.scalars(select(Mandat.id).where(Mandat.stripe_id == lu.id)).one_or_none() is not None:
        return
    before = mandat_en_usage(session, foyer_id)
    overtaken = before is not None and before.signe_le > demande_le
    if before is not None and not overtaken:
        before.retire_le = clock.now()
        session.flush()  # one mandate in use per household: the old one leaves before the new one comes
    signed = Mandat(
        foyer_id=foyer_id,
        stripe_id=lu.id,
        mandat_stripe=lu.mandat,
        reference=lu.reference,
        derniers_chiffres=lu.derniers_chiffres,
        signe_le=demande_le,
        retire_le=clock.now() if overtaken else None,
    )
    session.add(signed)
    if not overtaken:
        session.flush()  # the fact needs its id
        reglement.mode = Mode.SEPA
        publish(session, MandatSigne(signed.id))


def retirer_mandat(session: Session, foyer_id: int) -> None:
    """Debit the account no more; a debit that was announced and not yet made is not made either.

    The household pays at its maison from now on, unless it pays by card. Without a mandate, nothing changes.
    """
    reglement = verrouiller_foyer(session, foyer_id)
    mandat = mandat_en_usage(session, foyer_id)
    if mandat is not None:
        mandat.retire_le = clock.now()
    if reglement.mode == Mode.SEPA:
        reglement.mode = Mode.MAISON
        ne_plus_grouper(session, foyer_id)

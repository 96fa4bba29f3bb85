"""Which messages a household wants: by a switch on its page, or by the signed link that each optional message carries.

A link opens without a password and lasts as long as an old message may be found in a mailbox. Opening it changes
nothing; its button does, and so does the one-click request that mail programs send (RFC 8058).
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foyers.models import Foyer
from foyers.models_messages import PreferenceMessage, Sorte
from kernel import clock
from kernel.errors import Refus
from kernel.links import Link
from kernel.settings import get_settings

AU_CHOIX = (Sorte.AVANT_CLOTURE, Sorte.RETRAIT)

LIEN = Link(
    purpose="messages",
    lasts=timedelta(days=400),
    broken="Ce lien est incomplet ou abîmé. Vos messages se règlent aussi sur votre page, dans « Mon foyer ».",
    too_old="Ce lien est trop ancien. Vos messages se règlent aussi sur votre page, dans « Mon foyer ».",
)


def lien_des_messages(foyer_id: int, sorte: Sorte) -> str:
    """The address that lets a household do without messages of that kind."""
    return f"{get_settings().public_url}/messages/{LIEN.sign([foyer_id, sorte])}"


def lire_lien(session: Session, jeton: str) -> tuple[int, Sorte]:
    """The household and the kind of message that a link speaks of. Raises Refus."""
    foyer_id, sorte = LIEN.read(jeton)
    if session.get(Foyer, foyer_id) is None:
        raise Refus(LIEN.broken, status=404)
    return foyer_id, Sorte(sorte)


def regler(session: Session, foyer_id: int, sorte: Sorte, *, recoit: bool) -> None:
    """Say whether the household wants messages of that kind. Raises Refus for those that always go."""
    if sorte not in AU_CHOIX:
        raise Refus("Ces messages partent toujours : ils disent ce qui change pour vous.")
    said = insert(PreferenceMessage).values(foyer_id=foyer_id, sorte=sorte, recoit=recoit, changee_le=clock.now())
    fresh = {"recoit": said.excluded.recoit, "changee_le": said.excluded.changee_le}
    session.execute(said.on_conflict_do_update(index_elements=["foyer_id", "sorte"], set_=fresh))


def preferences(session: Session, foyer_id: int) -> dict[Sorte, bool]:
    """Whether the household receives each kind of message that it may do without."""
    rows = session.execute(
        select(PreferenceMessage.sorte, PreferenceMessage.recoit).where(PreferenceMessage.foyer_id == foyer_id)
    )
    said = {Sorte(row.sorte): row.recoit for row in rows}
    return {sorte: said.get(sorte, True) for sorte in AU_CHOIX}

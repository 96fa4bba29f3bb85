"""What is told of an account: that it is open, and to the address of before, that it opens the account no more."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.messages import dire
from foyers.models import Compte, Foyer, Maison
from kernel import clock
from kernel.formats import telephone
from kernel.mail import Outgoing, queue_mails


def annoncer_ouverture(session: Session, compte_id: int) -> None:
    """By e-mail only: without it, the counter has handed over the password on paper, which says the same.

    Nothing for an account that is closed or gone by now.
    """
    compte = session.get(Compte, compte_id)
    if compte is None or not compte.actif or compte.foyer_id is None:
        return
    dire(
        session,
        compte.foyer_id,
        cle=f"compte:{compte.id}:ouvert",
        modele="foyers/compte_ouvert",
        contexte={"nom": compte.nom, "identifiant": compte.email or telephone(compte.telephone or "")},
        lettre=False,
    )


def prevenir_ancienne_adresse(session: Session, compte: Compte, ancienne: str) -> None:
    """In the transaction of the change, for nothing keeps the address afterwards. The new one is not told there."""
    place = session.execute(
        select(Maison.nom, Maison.telephone, Foyer.langue)
        .join(Foyer, Foyer.maison_id == Maison.id)
        .where(Foyer.id == compte.foyer_id)
    ).one()
    told = Outgoing(
        key=f"identifiant:{compte.id}:{clock.now().isoformat()}",
        to=ancienne,
        template="foyers/identifiant_change",
        context={"nom": compte.nom, "maison": place.nom, "maison_telephone": place.telephone},
        langue=place.langue,
    )
    queue_mails(session, [told])

"""The mail to the coordination about what is missing at a maison."""

from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel.mail import queue_mail
from kernel.settings import get_settings
from paniers.arrivees import semaine_de
from paniers.courriels.familles import coordination
from paniers.queries.arrivee import arrivee


def manque_a_l_arrivee(session: Session, arrivee_id: int) -> None:
    """Tell the coordination what is missing at a maison, as the agent there has last written it."""
    came, week = semaine_de(session, arrivee_id)
    place = session.get_one(Maison, came.maison_id)
    missing = arrivee(session, week.id, place.id).manques
    if not missing:
        return
    lacks = [{"nom": p.nom, "producteur": p.producteur, "paniers": p.manque, "tous": p.tous} for p in missing]
    for who in coordination(session):
        queue_mail(
            session,
            key=f"arrivee:{arrivee_id}:{came.le.isoformat()}:{who.id}",
            to=who.email or "",
            template="paniers/manque",
            context={
                "maison": place.nom,
                "telephone": place.telephone,
                "semaine": week.retrait_le,
                "manques": lacks,
                "lien": f"{get_settings().public_url}/coordination?semaine={week.code}",
            },
        )

"""What the coordination is told of what waits for it: one message for each matter, never a flood.

Entry points of the timetable. Each asks first what has been written already, so that a turn with nothing new costs
one or two small queries.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers import gestes as gestes_foyers
from kernel.clock import PARIS
from kernel.db import transaction
from kernel.mail import Mail, Outgoing, queue_mails
from kernel.outbox import Delivery, State
from kernel.settings import get_settings
from paiements import gestes as gestes_paiements
from paniers import gestes as gestes_paniers
from paniers.courriels.familles import coordination
from paniers.models.producteurs import Commande, Composition, EtatCommande, Producteur
from paniers.models.semaines import Semaine
from paniers.regles.etats import EtatSemaine

APRES_LA_PUBLICATION = timedelta(hours=2)
APRES_LES_COMMANDES = timedelta(hours=30)
UNE_HEURE = timedelta(hours=1)


def alerter_a_composer(instant: datetime) -> None:
    """Two hours after the composition should have been published, while families can still change their mind."""
    published = select(Composition.id).where(Composition.semaine_id == Semaine.id, Composition.publiee_le.is_not(None))
    with transaction() as session:
        weeks = session.scalars(
            select(Semaine).where(
                Semaine.etat == EtatSemaine.OUVERTE,
                Semaine.publication_le + APRES_LA_PUBLICATION <= instant,
                Semaine.cloture_le > instant,
                ~published.exists(),
            )
        ).all()
        for week in weeks:
            context = {
                "semaine": week.retrait_le,
                "cloture_le": week.cloture_le,
                "lien": f"{get_settings().public_url}/coordination/composition?semaine={week.code}",
            }
            _ecrire(session, f"a_composer:{week.id}", "paniers/a_composer", context)


def alerter_sans_reponse(instant: datetime) -> None:
    """On Tuesday at noon, the orders that no producer has answered, all in one message, with whom to call."""
    with transaction() as session:
        rows = session.execute(
            select(Commande, Producteur, Semaine)
            .join(Producteur, Producteur.id == Commande.producteur_id)
            .join(Semaine, Semaine.id == Commande.semaine_id)
            .where(
                Semaine.etat == EtatSemaine.COMMANDEE,
                Commande.etat == EtatCommande.EMISE,
                Semaine.commande_le + APRES_LES_COMMANDES <= instant,
                Commande.emise_le + UNE_HEURE <= instant,
                Semaine.retrait_le >= instant.astimezone(PARIS).date(),
            )
            .order_by(Semaine.retrait_le, Producteur.nom)
        ).all()
        for week in {row[2].id: row[2] for row in rows}.values():
            orders = [
                {"producteur": farm.nom, "contact": farm.contact, "telephone": farm.telephone, "numero": order.numero}
                for order, farm, of in rows
                if of.id == week.id
            ]
            context = {
                "semaine": week.retrait_le,
                "commandes": orders,
                "lien": f"{get_settings().public_url}/coordination/commandes?semaine={week.code}",
            }
            _ecrire(session, f"sans_reponse:{week.id}", "paniers/sans_reponse", context)


def alerter_en_souffrance(instant: datetime) -> None:
    """Deliveries parked since the last such message, at most one message an hour."""
    with transaction() as session:
        # Two clocks: the town's for the hour between messages, the database's for what was parked since.
        told = Mail.key.like("souffrance:%")
        last = session.scalar(select(func.max(Mail.at)).where(told))
        seen = session.scalar(select(func.max(Mail.created_at)).where(told))
        if last is not None and instant < last + UNE_HEURE:
            return
        parked = session.execute(select(Delivery.actor, Delivery.wake_at).where(Delivery.state == State.PARKED)).all()
        if not parked or (seen is not None and max(row.wake_at for row in parked) <= seen):
            return
        words = gestes_foyers.GESTES | gestes_paiements.GESTES | gestes_paniers.GESTES
        found = Counter(words[row.actor].libelle if row.actor in words else "Envoyer un message" for row in parked)
        context = {
            "nombre": len(parked),
            "gestes": found.most_common(),
            "lien": f"{get_settings().public_url}/operations",
        }
        _ecrire(session, f"souffrance:{instant.isoformat()}", "paniers/souffrance", context)


def _ecrire(session: Session, cle: str, modele: str, context: dict[str, Any]) -> None:
    """Write to each member of the coordination who has not read it yet."""
    people = {f"{cle}:{who.id}": who.email or "" for who in coordination(session)}
    known = set(session.scalars(select(Mail.key).where(Mail.key.in_(people))))
    queue_mails(
        session,
        [Outgoing(key=key, to=to, template=modele, context=context) for key, to in people.items() if key not in known],
    )

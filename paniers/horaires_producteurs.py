"""What the calendar makes due towards producers: asking for offers, reminding, asking for an answer. Each once.

Entry points, called by the timetable: each opens its own transaction. What has been asked is a row, so an outage asks
later, and two timetables ask once.
"""

from datetime import datetime, time, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import PARIS, paris
from kernel.db import transaction
from kernel.outbox import publish
from paniers.events import CommandeRelancee, OffresDemandees
from paniers.models.producteurs import Commande, DemandeOffre, EtatCommande, Offre, Producteur
from paniers.models.semaines import Semaine
from paniers.regles.etats import EtatSemaine

# On the morning of the second day before the offers close, then on that of the eve.
JOURS_AVANT = {1: 2, 2: 1}
MATIN = time(8)
# On the morning after an order went out.
RELANCE = time(10)


def demander_les_offres(instant: datetime) -> None:
    """Ask each producer that has offered nothing yet, while there is time to answer."""
    with transaction() as session:
        open_weeks = select(Semaine).where(Semaine.etat == EtatSemaine.OUVERTE, Semaine.offres_jusqu_a > instant)
        for week in session.scalars(open_weeks.order_by(Semaine.retrait_le)).all():
            for rank in (rank for rank in JOURS_AVANT if instant >= demande_due(week.offres_jusqu_a, rank)):
                _demander(session, week.id, rank, instant)


def demande_due(offres_jusqu_a: datetime, rang: int) -> datetime:
    """When a producer is asked for the `rang`-th time. Pure."""
    return paris(offres_jusqu_a.astimezone(PARIS).date() - timedelta(days=JOURS_AVANT[rang]), MATIN)


def relancer_les_commandes(instant: datetime) -> None:
    """Remind of an order that nobody has answered on the morning after it went out, once for each version."""
    sent = func.coalesce(Commande.corrigee_le, Commande.emise_le)
    with transaction() as session:
        silent = session.execute(
            select(Commande.id, sent)
            .join(Semaine, Semaine.id == Commande.semaine_id)
            .where(Semaine.etat == EtatSemaine.COMMANDEE, Commande.etat == EtatCommande.EMISE, Commande.total_ht > 0)
            .where(or_(Commande.relancee_le.is_(None), Commande.relancee_le < sent))
            .where(Commande.livraison_le >= instant.astimezone(PARIS).date())
        )
        due = [order for order, at in silent if instant >= relance_due(at)]
        reminded = session.scalars(
            update(Commande)
            .where(Commande.id.in_(due), Commande.etat == EtatCommande.EMISE)
            .where(or_(Commande.relancee_le.is_(None), Commande.relancee_le < sent))
            .values(relancee_le=instant)
            .returning(Commande.id)
        ).all()
        publish(session, *map(CommandeRelancee, reminded))


def relance_due(envoyee_le: datetime) -> datetime:
    """When an order without an answer is reminded of. Pure."""
    return paris(envoyee_le.astimezone(PARIS).date() + timedelta(days=1), RELANCE)


def _demander(session: Session, semaine_id: int, rang: int, instant: datetime) -> None:
    """Write down who is asked and say so; a producer that has offered, or been asked, is left in peace."""
    offered = select(Offre.id).where(Offre.semaine_id == semaine_id, Offre.producteur_id == Producteur.id)
    asked = select(Producteur.id).where(~offered.exists()).order_by(Producteur.id)
    rows = [
        {"semaine_id": semaine_id, "producteur_id": producer, "rang": rang, "le": instant}
        for producer in session.scalars(asked)
    ]
    if rows:
        made = insert(DemandeOffre).values(rows).on_conflict_do_nothing().returning(DemandeOffre.id)
        publish(session, *map(OffresDemandees, session.scalars(made)))

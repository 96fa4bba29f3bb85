"""What the calendar makes due, done for each week apart: a week that cannot move does not hold the others back.

These are entry points, called by the timetable and by `flask semaine`: each opens its own transactions.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from kernel.clock import PARIS
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.outbox import FactRow, publish
from paniers.agenda import dernier_jour
from paniers.attente import servir
from paniers.cloture import cloturer
from paniers.commandes import commander
from paniers.events import SemaineSansComposition
from paniers.fermetures import annoncer_les_doutes
from paniers.models.attente import Attente
from paniers.models.semaines import Semaine
from paniers.places import verrouiller_maisons
from paniers.regles.etats import OUVERTES, EtatSemaine
from paniers.renouvellement import annoncer_fins_de_terme
from paniers.retraits import terminer
from paniers.semaines import DELAI_DE_CLOTURE, ouvrir_semaines

log = structlog.get_logger()


def ouvrir(instant: datetime) -> None:
    with transaction() as session:
        ouvrir_semaines(session, instant.astimezone(PARIS).date())


def cloturer_ce_qui_est_du(instant: datetime) -> None:
    due = (Semaine.etat == EtatSemaine.OUVERTE) & (Semaine.cloture_le + DELAI_DE_CLOTURE <= instant)
    _chacune(due, lambda session, week: cloturer(session, week, instant=instant))


def commander_ce_qui_est_du(instant: datetime) -> None:
    """A week without a composition waits, and the coordination is told once."""
    due = (Semaine.etat == EtatSemaine.CLOTUREE) & (Semaine.commande_le <= instant)
    for week in _chacune(due, lambda session, week: commander(session, week, instant=instant)):
        _alerter_une_fois(week)


def terminer_ce_qui_est_du(instant: datetime) -> None:
    """The day after its last pick-up, a week that was ordered is over."""
    yesterday = instant.astimezone(PARIS).date() - timedelta(days=1)
    ordered = Semaine.etat.in_((EtatSemaine.COMMANDEE, EtatSemaine.LIVREE))
    _chacune(ordered & (dernier_jour() <= yesterday), lambda session, week: terminer(session, week, instant=instant))


def proposer_les_places(instant: datetime) -> None:
    """Where somebody waits or an offer is overdue: each maison in a transaction of its own."""
    waiting = select(Attente.maison_id).where(Attente.etat.in_(OUVERTES)).distinct().order_by(Attente.maison_id)
    with reading() as session:
        places = list(session.scalars(waiting))
    for maison_id in places:
        with transaction() as session:
            for maison in verrouiller_maisons(session, maison_id).values():
                servir(session, maison, instant)


def annoncer_les_fins_de_terme(instant: datetime) -> None:
    with transaction() as session:
        annoncer_fins_de_terme(session, instant)


def alerter_des_doutes(instant: datetime) -> None:
    """A week on a holiday or a closing day never passes unseen: the coordination is told three weeks ahead, once."""
    with transaction() as session:
        annoncer_les_doutes(session, instant)


def _chacune(due: ColumnElement[bool], move: Callable[[Session, int], object]) -> list[int]:
    """Move each due week in a transaction of its own; returns those that could not move, with why in the log."""
    with reading() as session:
        weeks = list(session.scalars(select(Semaine.id).where(due).order_by(Semaine.retrait_le)))
    waiting = []
    for week in weeks:
        try:
            with transaction() as session:
                move(session, week)
        except Refus as refus:
            log.info("week_waits", semaine=week, why=refus.sentence)
            waiting.append(week)
    return waiting


def _alerter_une_fois(semaine_id: int) -> None:
    told = select(FactRow.id).where(
        FactRow.name == SemaineSansComposition.__name__, FactRow.payload["semaine_id"].as_integer() == semaine_id
    )
    with transaction() as session:
        session.get_one(Semaine, semaine_id, with_for_update=True)
        if session.execute(told.limit(1)).first() is None:
            publish(session, SemaineSansComposition(semaine_id))

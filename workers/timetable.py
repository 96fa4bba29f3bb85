"""The timetable: what is due and not done, found by state and never by a time window, so an outage loses nothing.

Any number may run at once: each task locks what it moves, and moving twice is harmless. One task that fails is logged
and tried again at the next turn; the others go on.
"""

import threading
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import OperationalError

from culture.courriels.rappels import rappeler, remercier
from culture.documents import dossier_soiree
from culture.horaires import suivre_les_sorties
from culture.horaires_partenaires import tenir_les_lieux_au_courant
from foyers import comptes, messages_quotient, pieces
from kernel import clock
from kernel.db import transaction
from kernel.errors import Refus
from kernel.settings import get_settings
from paiements import aides, echeances
from paiements.en_ligne import regroupement, remboursements, reprises
from paiements.rapprochement import nuit
from paniers import horaires, horaires_producteurs
from paniers.courriels import annonces
from paniers.courriels import equipe as alertes_equipe
from paniers.importation import depot

log = structlog.get_logger()

Task = Callable[[datetime], object]


def _purger(instant: datetime) -> None:
    with transaction() as session:
        comptes.purger_connexions(session)
        pieces.purger(session, instant)
        depot.purger(session, instant)
        dossier_soiree.jeter(session, instant)


def _rappeler_les_quotients(instant: datetime) -> None:
    with transaction() as session:
        messages_quotient.rappeler(session, instant)


def _relancer(instant: datetime) -> None:
    with transaction() as session:
        echeances.relancer(session, instant)
        remboursements.relancer(session, instant)


def _reprendre(instant: datetime) -> None:
    with transaction() as session:
        reprises.reprendre(session, instant)


def _inviter_a_parler(instant: datetime) -> None:
    with transaction() as session:
        aides.inviter(session, instant)


def _regrouper(instant: datetime) -> None:
    with transaction() as session:
        regroupement.regrouper(session, instant)


def _rapprocher(instant: datetime) -> None:
    with transaction() as session:
        nuit.demander_la_nuit(session, instant)


TASKS: tuple[Task, ...] = (
    horaires.ouvrir,
    horaires.cloturer_ce_qui_est_du,
    horaires.commander_ce_qui_est_du,
    horaires.terminer_ce_qui_est_du,
    horaires.alerter_des_doutes,
    horaires.proposer_les_places,
    horaires.annoncer_les_fins_de_terme,
    annonces.annoncer_avant_cloture,
    annonces.annoncer_la_veille,
    alertes_equipe.alerter_a_composer,
    alertes_equipe.alerter_sans_reponse,
    alertes_equipe.alerter_en_souffrance,
    horaires_producteurs.demander_les_offres,
    horaires_producteurs.relancer_les_commandes,
    suivre_les_sorties,
    rappeler,
    remercier,
    tenir_les_lieux_au_courant,
    _relancer,
    _reprendre,
    _regrouper,
    _inviter_a_parler,
    _rapprocher,
    _rappeler_les_quotients,
    _purger,
)


def timetable(stop: threading.Event) -> None:
    """Run until `stop` is set."""
    while not stop.is_set():
        for task in TASKS:
            if not stop.is_set():
                attempt(task)
        stop.wait(get_settings().timetable_poll_seconds)


def attempt(task: Task) -> None:
    """Do a task at the clock's present instant. Whatever goes wrong is logged, for the others must go on."""
    try:
        task(clock.now())
    except Refus as refus:
        log.info("not_yet", task=task.__name__, why=refus.sentence)
    except OperationalError as error:
        log.warning("database_away", task=task.__name__, kind=type(error).__name__)
    except Exception:
        log.exception("task_failed", task=task.__name__)

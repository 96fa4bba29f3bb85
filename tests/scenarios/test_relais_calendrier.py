"""`flask relay --timetable`: both in one process, on a machine short of memory; they work and end together."""

from kernel.db import transaction
from tests import fabriques
from tests.scenarios.ouvriers import Atelier, nombre


def test_the_timetable_beside_the_relay_opens_weeks_and_both_stop_at_once(atelier: Atelier) -> None:
    with transaction() as session:
        fabriques.calendrier(session)
        fabriques.grille(session)
    both = atelier.lancer(["flask", "--app", "app", "relay", "--timetable"], {"TIMETABLE_POLL_SECONDS": "0.2"})
    atelier.attendre(lambda: nombre("SELECT count(*) FROM semaine WHERE etat = 'ouverte'") > 0)
    assert both.vit()
    assert both.arreter() < 10


def test_control_without_the_option_no_week_opens(atelier: Atelier) -> None:
    with transaction() as session:
        fabriques.calendrier(session)
        fabriques.grille(session)
    alone = atelier.lancer(["flask", "--app", "app", "relay"], {"TIMETABLE_POLL_SECONDS": "0.2"})
    listens = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN outbox'"
    atelier.attendre(lambda: nombre(listens) > 0)
    assert nombre("SELECT count(*) FROM semaine") == 0
    assert alone.arreter() < 10

"""What the timetable makes due: found by state, week by week, however long nobody looked."""

from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from kernel import clock
from kernel.db import transaction
from paniers import horaires
from paniers.commandes_flask import semaine
from paniers.models.producteurs import Offre
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, batir, compter, ensemble


@pytest.fixture
def bourg(base: str) -> Bourg:
    """Three open weeks, a household, and a composition for the first and the third."""
    with transaction() as session:
        made = batir(session)
        foyer = fabriques.foyer(session, maison_id=made.maisons[0])
        fabriques.abonnement(session, foyer.id, made.maisons[0])
        farm, carrot = fabriques.producteur(session).id, fabriques.produit(session).id
        for week in (made.semaines[0], made.semaines[2]):
            offer: Offre = fabriques.offre(session, week, farm, carrot)
            fabriques.composition(session, week, {offer.id: 3_500})
    return made


def etats() -> list[str]:
    with transaction() as session:
        return list(session.execute(text("SELECT etat FROM semaine ORDER BY retrait_le")).scalars())


def alertes() -> int:
    return compter("SELECT count(*) FROM outbox_fact WHERE name = 'SemaineSansComposition'")


def un_tour(bourg: Bourg, **ecart: float) -> None:
    instant = bourg.apres(**ecart)
    clock.set_now(instant)
    for task in (
        horaires.cloturer_ce_qui_est_du,
        horaires.commander_ce_qui_est_du,
        horaires.terminer_ce_qui_est_du,
    ):
        task(instant)


def test_each_step_comes_at_its_hour(bourg: Bourg) -> None:
    for hours, state in (
        (-1, "ouverte"),
        (0.01, "ouverte"),
        (0.02, "cloturee"),
        (6, "cloturee"),
        (6.02, "commandee"),
        (96, "commandee"),
        (96.02, "terminee"),
    ):
        un_tour(bourg, hours=hours)
        assert etats()[0] == state, f"{hours} h after the cut-off"


def test_after_weeks_of_silence_every_week_is_found(bourg: Bourg) -> None:
    un_tour(bourg, days=17)
    assert etats() == ["terminee", "cloturee", "commandee"]
    with transaction() as session:
        rows = session.execute(text("SELECT cle, montant FROM echeance ORDER BY cle")).all()
    assert [tuple(row) for row in rows] == [("2026-W48", 900), ("2026-W49", 900), ("2026-W50", 900)]
    assert compter("SELECT count(DISTINCT jour) FROM ecriture WHERE cle LIKE 'panier:%'") == 3, "each on its own day"


def test_a_week_without_a_composition_waits_and_is_told_once(bourg: Bourg) -> None:
    for days in (21, 21.1, 22):
        un_tour(bourg, days=days)
    assert alertes() == 1
    assert etats()[1] == "cloturee"
    with transaction() as session:
        offer = fabriques.offre(
            session,
            bourg.semaines[1],
            compter("SELECT min(id) FROM producteur"),
            compter("SELECT min(id) FROM produit"),
        )
        fabriques.composition(session, bourg.semaines[1], {offer.id: 3_500})
    un_tour(bourg, days=23)
    assert etats()[1] == "terminee"


def test_several_timetables_at_once_tell_once(bourg: Bourg) -> None:
    instant = bourg.apres(days=21)
    horaires.cloturer_ce_qui_est_du(instant)
    assert ensemble([lambda s: horaires.commander_ce_qui_est_du(instant)] * 3) == [None] * 3
    assert alertes() == 1
    assert compter("SELECT count(*) FROM commande") == 2


def test_weeks_are_opened_ahead_once(base: str) -> None:
    with transaction() as session:
        fabriques.calendrier(session)
    instant = clock.paris(JEUDI)
    assert ensemble([lambda s: horaires.ouvrir(instant)] * 3) == [None] * 3
    horaires.ouvrir(instant + timedelta(hours=23))
    assert compter("SELECT count(*) FROM semaine") == 6
    horaires.ouvrir(instant + timedelta(days=1))
    assert compter("SELECT count(*) FROM semaine") == 7


def test_without_a_calendar_no_week_is_opened(base: str) -> None:
    horaires.ouvrir(clock.paris(JEUDI))
    assert compter("SELECT count(*) FROM semaine") == 0


# `flask semaine …`: the same steps by hand.


def commande(*arguments: str) -> Result:
    return CliRunner().invoke(semaine, arguments)


def test_the_week_is_led_by_hand_and_each_command_may_be_said_twice(bourg: Bourg) -> None:
    clock.set_now(bourg.avant(hours=1))
    early = commande("cloturer", "--semaine", "2026-W48")
    assert early.exit_code == 1
    assert "heure limite" in early.output
    clock.set_now(bourg.apres(hours=7))
    assert "1 paniers figés, pour 9,00" in commande("cloturer").output
    assert "déjà clôturée" in commande("cloturer", "--semaine", "2026-W48").output
    assert "1 commandes émises" in commande("commander").output
    assert "étaient parties" in commande("commander", "--semaine", "2026-W48").output
    assert "0 prélèvements" in commande("prelever").output
    clock.set_now(bourg.apres(days=5))
    assert commande("terminer").output == "La semaine est terminée.\n"
    assert commande("terminer", "--semaine", "2026-W48").exit_code == 0
    states = commande("etat").output.splitlines()
    assert [line.split()[:2] for line in states] == [
        ["2026-W48", "terminée"],
        ["2026-W49", "ouverte"],
        ["2026-W50", "ouverte"],
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("cloturer", "--semaine", "2026-W99"), "n’existe pas"),
        (("cloturer", "--semaine", "n’importe quoi"), "n’existe pas"),
        (("commander",), "Aucune semaine n’est clôturée"),
        (("terminer",), "Aucune semaine n’est commandée ou livrée"),
        (("commander", "--semaine", "2026-W48"), "pas encore clôturée"),
        (("terminer", "--semaine", "2026-W48"), "lendemain"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(bourg: Bourg, arguments: tuple[str, ...], said: str) -> None:
    clock.set_now(bourg.avant(hours=1))
    found = commande(*arguments)
    assert found.exit_code == 1
    assert found.output.startswith("Error: ")
    assert said in found.output

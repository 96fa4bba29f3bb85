"""No hand-out: skipped before the cut-off, cancelled and credited after it, or at another maison instead."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Refus
from paniers.annulations import Annulation, accueillir, annuler
from paniers.commandes import commander
from paniers.distributions import Horaire, deplacer
from paniers.models.distributions import Distribution, Nature
from paniers.models.semaines import Semaine
from paniers.retraits import Moyen, Verdict, remettre
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, compter, ensemble
from tests.paniers.jours_annules import MATIN, NEIGE, bourg, cloturee, commandee, fermer, tout_tient

__all__ = ["bourg"]


def comptes() -> dict[str, int]:
    """The ledger by account, told by a query of this file."""
    with reading() as session:
        rows = session.execute(text("SELECT compte, sum(montant) FROM mouvement GROUP BY 1"))
        return {account: int(amount) for account, amount in rows}


# After it.


def test_before_the_orders_nothing_is_left_to_bear(bourg: Bourg) -> None:
    cloturee(bourg)
    done = fermer(bourg, bourg.maisons[0])
    assert (done.paniers, done.foyers, done.montant) == (4, 3, 400 + 2 * 550 + 900)
    assert comptes() == {"foyer": 700, "participation_ccas": 50, "achats": -750}
    with transaction() as session:
        (order,) = commander(session, bourg.semaine, instant=MATIN)
    assert compter("SELECT sum(quantite) FROM commande_ligne WHERE maison_id IS NOT NULL") == 3_500
    assert order.total_ht
    tout_tient()


def test_after_the_orders_the_ccas_bears_what_was_ordered(bourg: Bourg) -> None:
    commandee(bourg)
    before = comptes()
    fermer(bourg, bourg.maisons[0])
    after = comptes()
    assert after["foyer"] == before["foyer"] - 2_400 == 700
    assert after["participation_ccas"] == before["participation_ccas"] + 2_400
    assert after.get("achats", 0) == before.get("achats", 0) == 0
    assert after["producteurs"] == before["producteurs"]
    tout_tient()


def test_a_whole_week_is_cancelled(bourg: Bourg) -> None:
    commandee(bourg)
    done = fermer(bourg)
    assert done.paniers == 5
    assert comptes().get("foyer", 0) == 0
    assert compter("SELECT count(*) FROM panier WHERE etat <> 'annule'") == 0
    with reading() as session:
        assert session.get_one(Semaine, bourg.semaine).etat == "annulee"
    tout_tient()


def test_twice_is_once(bourg: Bourg) -> None:
    commandee(bourg)
    first, again = fermer(bourg, bourg.maisons[0]), fermer(bourg, bourg.maisons[0])
    assert (again.deja_faite, again.decision_id) == (True, first.decision_id)
    assert compter("SELECT count(*) FROM ecriture WHERE contrepasse_id IS NOT NULL") == 3
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'DistributionDecidee'") == 1


def test_two_who_cancel_at_once_cancel_once(bourg: Bourg) -> None:
    commandee(bourg)
    clock.set_now(MATIN)
    outcomes = ensemble(
        [lambda session: annuler(session, bourg.semaine, bourg.maisons[0], motif=NEIGE, instant=MATIN)] * 4
    )
    done = [outcome for outcome in outcomes if isinstance(outcome, Annulation)]
    assert sorted(outcome.deja_faite for outcome in done) == [False, True, True, True]
    assert compter("SELECT count(*) FROM ecriture WHERE contrepasse_id IS NOT NULL") == 3
    tout_tient()


def test_a_basket_is_either_handed_out_or_cancelled(bourg: Bourg) -> None:
    """An agent and the coordination at the same instant: one of them is told."""
    commandee(bourg)
    clock.set_now(MATIN)
    basket = compter("SELECT min(id) FROM panier WHERE maison_id = :m", m=bourg.maisons[0])
    with transaction() as session:
        agent = fabriques.compte(session).id
    ensemble(
        [
            lambda session: annuler(session, bourg.semaine, bourg.maisons[0], motif=NEIGE, instant=MATIN),
            lambda session: remettre(session, basket, par=agent, moyen=Moyen.LISTE, maisons=None, instant=MATIN),
        ]
    )
    given = compter("SELECT count(*) FROM panier WHERE etat = 'remis'")
    assert given + compter("SELECT count(DISTINCT distribution_id) FROM panier_decision") == 1
    tout_tient()


def test_once_baskets_are_handed_out_it_is_too_late(bourg: Bourg) -> None:
    commandee(bourg)
    with transaction() as session:
        agent = fabriques.compte(session).id
        basket = session.scalars(text("SELECT min(id) FROM panier")).one()
        assert (
            remettre(session, basket, par=agent, moyen=Moyen.LISTE, maisons=None, instant=MATIN).verdict
            is Verdict.REMIS
        )
    for place in (None, bourg.maisons[0]):
        with pytest.raises(Refus, match="déjà été remis"):
            fermer(bourg, place)
    tout_tient()


@pytest.mark.parametrize("etat", ["terminee"])
def test_a_week_that_is_over_is_not_cancelled(bourg: Bourg, etat: str) -> None:
    commandee(bourg)
    with transaction() as session:
        session.execute(text("UPDATE semaine SET etat = :e WHERE id = :s"), {"e": etat, "s": bourg.semaine})
    with pytest.raises(Refus, match="Choisissez une autre semaine"):
        fermer(bourg, bourg.maisons[0])


def test_baskets_go_to_another_maison_instead_with_new_numbers(bourg: Bourg) -> None:
    here, there = bourg.maisons
    commandee(bourg)
    before = comptes()
    with transaction() as session:
        for _ in range(2):
            accueillir(session, bourg.semaine, here, there, motif="panne de chauffage", instant=MATIN)
    assert comptes() == before
    with reading() as session:
        rows = session.execute(text("SELECT maison_id, numero FROM panier ORDER BY numero")).all()
    assert [tuple(row) for row in rows] == [(there, 1), (there, 2), (there, 3), (there, 4)]
    tout_tient()


def test_baskets_taken_in_elsewhere_are_cancelled_there_with_the_others(bourg: Bourg) -> None:
    here, there = bourg.maisons
    commandee(bourg)
    with transaction() as session:
        accueillir(session, bourg.semaine, here, there, motif="panne", instant=MATIN)
    assert fermer(bourg, there, MATIN + timedelta(hours=2)).paniers == 5
    assert comptes().get("foyer", 0) == 0
    tout_tient()


@pytest.mark.parametrize("chez", [0, -1, 1])
def test_a_maison_that_does_not_hand_out_takes_nobody_in(bourg: Bourg, chez: int) -> None:
    here, there = bourg.maisons
    host = {0: here, -1: 999_999, 1: there}[chez]
    if chez == 1:
        fermer(bourg, there, bourg.avant(days=2))
    with pytest.raises(Refus), transaction() as session:
        accueillir(session, bourg.semaine, here, host, motif="panne", instant=bourg.avant(days=1))


def test_the_database_lets_a_basket_change_maison_by_a_decision_only(bourg: Bourg) -> None:
    commandee(bourg)
    with pytest.raises(Exception, match="by a decision"), transaction() as session:
        session.execute(text("UPDATE panier SET maison_id = :m, numero = numero + 90"), {"m": bourg.maisons[1]})


def test_a_cancelled_hand_out_does_not_move_any_more(bourg: Bourg) -> None:
    commandee(bourg)
    fermer(bourg, bourg.maisons[0])
    with pytest.raises(Refus, match="est annulée"), transaction() as session:
        deplacer(
            session, bourg.semaine, bourg.maisons[0], Horaire(JEUDI + timedelta(days=1)), motif="dégel", instant=MATIN
        )


def test_a_decision_says_who_when_why_and_in_which_state(bourg: Bourg) -> None:
    with transaction() as session:
        who = fabriques.compte(session).id
    commandee(bourg)
    with transaction() as session:
        annuler(session, bourg.semaine, bourg.maisons[0], motif=f"  {NEIGE} ", instant=MATIN, par=who)
    with reading() as session:
        kept = session.query(Distribution).one()
    assert (kept.nature, kept.motif, kept.par, kept.depuis, kept.etat_semaine) == (
        Nature.ANNULEE, NEIGE, who, MATIN, "commandee",
    )  # fmt: skip

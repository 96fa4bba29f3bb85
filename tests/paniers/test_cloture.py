"""The closing: what stood at the cut-off becomes baskets, prices and debits, however late, often or crowded it runs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from kernel.db import get_engine, transaction
from kernel.errors import Refus
from paiements import grand_livre
from paiements.models.grand_livre import CompteGL
from paniers import cloture, horaires
from paniers.cloture import PAR_LOT, Cloture, cloturer
from paniers.models.semaines import Abonnement, Panier, Semaine
from paniers.semaines import DELAI_DE_CLOTURE
from tests import fabriques
from tests.paniers.bourg import Bourg, batir, compter, ensemble
from tests.paniers.fermetures import bourg, contenu, fonds, sans_suite, vide
from tests.paniers.histoires import (
    EN_RETARD,
    FOYERS,
    GESTES,
    Scene,
)

__all__ = ["bourg", "fonds", "vide"]

# An ordinary week; one whose cut-off is the evening after clocks went back; one after they went forward; over new year.


def fermer(bourg: Bourg) -> Cloture:
    with transaction() as session:
        return cloturer(session, bourg.semaine, instant=bourg.cloture_le + DELAI_DE_CLOTURE)


def test_a_closing_freezes_debits_and_opens_what_is_due(bourg: Bourg) -> None:
    done = fermer(bourg)
    made = contenu(bourg)
    assert done == Cloture(8, sum(row[3] * row[5] for row in made["paniers"]))
    assert len(made["paniers"]) == FOYERS - 1
    assert sum(row[3] for row in made["echeances"]) == done.total == sum(row[1] for row in made["comptes"])
    assert made["etat"] == [("cloturee",)]
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'SemaineCloturee'") == 1


def test_closing_twice_is_closing_once(bourg: Bourg) -> None:
    fermer(bourg)
    once = contenu(bourg)
    assert fermer(bourg) == Cloture(0, 0, deja_faite=True)
    assert contenu(bourg) == once
    assert compter("SELECT count(*) FROM semaine_etape") == 1


@pytest.mark.parametrize("early", [timedelta(days=1), timedelta(seconds=1), -DELAI_DE_CLOTURE + timedelta(seconds=1)])
def test_a_week_is_not_closed_before_its_hour_and_its_minute_of_grace(bourg: Bourg, early: timedelta) -> None:
    with pytest.raises(Refus, match="heure limite"), transaction() as session:
        cloturer(session, bourg.semaine, instant=bourg.cloture_le - early)
    assert contenu(bourg)["paniers"] == []


def test_without_a_grid_or_with_one_that_cannot_be_read_the_week_waits(bourg: Bourg) -> None:
    for sql, said in (
        ('UPDATE grille SET regle = \'{"forme": "troc"}\'', "ne peut pas servir"),
        ("UPDATE grille SET effet_le = '2030-01-01'", "Aucune grille"),
    ):
        with transaction() as session:
            session.execute(text(sql))
        with pytest.raises(Refus, match=said):
            fermer(bourg)
    horaires.cloturer_ce_qui_est_du(bourg.apres(hours=1))  # written in the log, and tried again at the next turn
    assert contenu(bourg)["etat"] == [("ouverte",)]


def test_numbers_run_from_one_in_each_maison(bourg: Bourg) -> None:
    fermer(bourg)
    with transaction() as session:
        for maison in bourg.maisons:
            given = select(Panier.numero).where(Panier.maison_id == maison).order_by(Panier.id)
            numbers = session.scalars(given).all()
            assert numbers == list(range(1, len(numbers) + 1))


def test_the_ledger_sums_to_zero_and_the_ccas_pays_cost_minus_price(bourg: Bourg) -> None:
    fermer(bourg)
    with transaction() as session:
        total, cost = session.execute(text("SELECT sum(nombre * prix), sum(nombre * cout) FROM panier")).one()
        balances = {compte: grand_livre.solde_du_compte(session, compte) for compte in CompteGL}
    assert sum(balances.values()) == 0
    assert balances[CompteGL.FOYER] == total
    assert balances[CompteGL.ACHATS] == -cost
    assert balances[CompteGL.PARTICIPATION_CCAS] == cost - total


# Several at once.


def test_four_timetables_at_once_close_the_week_once(bourg: Bourg) -> None:
    late = bourg.cloture_le + EN_RETARD
    with sans_suite() as session:
        alone = Scene(session, bourg, []).en_retard()
    assert ensemble([lambda session: horaires.cloturer_ce_qui_est_du(late)] * 4) == [None] * 4
    assert contenu(bourg) == alone
    assert compter("SELECT count(*) FROM semaine_etape") == 1
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'SemaineCloturee'") == 1


def test_without_the_lock_on_the_week_timetables_collide(bourg: Bourg, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the unique key still saves the baskets, but one of the two fails."""

    def read_only(session: Session, semaine_id: int) -> Semaine:
        week = session.get_one(Semaine, semaine_id)
        session.execute(text("SELECT pg_sleep(0.3)"))
        return week

    monkeypatch.setattr(cloture, "verrouiller", read_only)
    instant = bourg.cloture_le + DELAI_DE_CLOTURE
    outcomes = ensemble([lambda session: cloturer(session, bourg.semaine, instant=instant)] * 2)
    assert sum(isinstance(found, Exception) for found in outcomes) == 1


def test_families_who_come_while_the_week_closes_neither_wait_in_a_ring_nor_change_it(bourg: Bourg) -> None:
    at = bourg.apres(seconds=61)
    with transaction() as session:
        new = [fabriques.foyer(session, maison_id=bourg.maisons[0]).id for _ in range(3)]
        old = session.scalars(select(Abonnement.foyer_id)).all()

    def act(foyer: int, geste: str) -> Callable[[Session], None]:
        return lambda session: GESTES[geste](Scene(session, bourg, [foyer]), foyer, at, 1)

    gestes = [*(act(foyer, "souscrire") for foyer in new), *(act(foyer, "changer de maison") for foyer in old[:3])]
    outcomes = ensemble([lambda session: cloturer(session, bourg.semaine, instant=at), *gestes])
    assert not [found for found in outcomes if isinstance(found, Exception)], outcomes
    assert {row[1] for row in contenu(bourg)["paniers"]} == set(old)


# A set at a time.


def peupler(session: Session, combien: int) -> Bourg:
    """Many subscriptions, each with a checked quotient, a card and its customer."""
    bourg = batir(session, places=100_000)
    session.execute(
        text(
            """
            WITH f AS (
                INSERT INTO foyer (nom, nom_plie, maison_id, canal, cree_le)
                SELECT 'Foyer ' || n, 'foyer ' || n, :m, 'papier', now() FROM generate_series(1, :n) n RETURNING id),
            r AS (INSERT INTO reglement (foyer_id, mode, client_stripe) SELECT id, 'carte', 'cus_' || id FROM f),
            c AS (INSERT INTO carte (foyer_id, stripe_id, marque, derniers_chiffres, expire_mois, expire_annee,
                                     enregistree_le)
                  SELECT id, 'pm_' || id, 'visa', '4242', 12, 2034, now() FROM f),
            a AS (INSERT INTO abonnement (foyer_id, souscrit_le) SELECT id, '2026-09-01' FROM f RETURNING id)
            INSERT INTO abonnement_version (abonnement_id, depuis, maison_id, nombre, debut, fin)
            SELECT id, '2026-09-01', :m, 1, '2026-09-03', '2027-08-26' FROM a
            """
        ),
        {"m": bourg.maisons[0], "n": combien},
    )
    return bourg


def statements(combien: int) -> int:
    seen: list[str] = []

    def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    with sans_suite() as session:
        bourg = peupler(session, combien)
        event.listen(get_engine(), "before_cursor_execute", note)
        try:
            done = cloturer(session, bourg.semaine, instant=bourg.apres(hours=1))
        finally:
            event.remove(get_engine(), "before_cursor_execute", note)
    assert done.paniers == combien
    return len(seen)


def test_two_thousand_subscriptions_take_one_more_handful_of_statements_than_a_hundred(vide: None) -> None:
    few, many = statements(100), statements(2 * PAR_LOT)
    assert few < 20
    assert many - few <= 6, "one more batch: its subscriptions, quotients, baskets and debits"

"""A producer is short: the basket is corrected once, and orders, ledger, papers and messages follow."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.db import get_engine, reading, transaction
from kernel.errors import Refus
from paniers import penuries, verifications
from paniers.cloture import cloturer
from paniers.commandes import commander, repondre
from paniers.models.producteurs import Commande
from paniers.penuries import Demande, corriger
from paniers.regles.etats import EtatSemaine
from tests import fabriques
from tests.paniers.bourg import Bourg, batir, compter, ensemble, peupler
from tests.paniers.penurie import Semaine48, demande, faire, lignes, manquer, semaine, tout_tient

__all__ = ["semaine"]

# What a producer says.


def test_what_is_short_is_kept_line_by_line_and_a_confirmation_takes_it_back(semaine: Semaine48) -> None:
    manquer(semaine, 1_000)
    manquer(semaine, 1_000)
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'CommandeRepondue'") == 1, "the same answer twice"
    assert compter("SELECT disponible FROM manque") == 1_000
    with transaction() as session:
        assert session.get_one(Commande, semaine.commandes[0]).etat == "ecart"
        repondre(session, semaine.commandes[0], message=None, instant=semaine.bourg.apres(hours=10))
    assert compter("SELECT count(*) FROM manque") == 0


@pytest.mark.parametrize(("disponible", "phrase"), [(2_001, "plus que la commande"), (-1, "plus que la commande")])
def test_more_than_was_ordered_cannot_be_said_to_be_left(semaine: Semaine48, disponible: int, phrase: str) -> None:
    with pytest.raises(Refus, match=phrase):
        manquer(semaine, disponible)


def test_another_farms_offer_is_no_line_of_this_order(semaine: Semaine48) -> None:
    with pytest.raises(Refus, match="pas dans cette commande"), transaction() as session:
        repondre(
            session, semaine.commandes[0], message=None, disponibles={semaine.chou: 1},
            instant=semaine.bourg.apres(hours=9),
        )  # fmt: skip


def test_an_order_that_is_over_takes_no_answer_whoever_asks(semaine: Semaine48) -> None:
    late = semaine.bourg.apres(days=5)
    with pytest.raises(Refus, match="livraison est passée"), transaction() as session:
        repondre(session, semaine.commandes[0], message=None, instant=late)
    with transaction() as session:
        session.execute(text("UPDATE semaine SET etat = 'annulee' WHERE id = :s"), {"s": semaine.bourg.semaine})
    with pytest.raises(Refus, match="annulée"), transaction() as session:
        repondre(session, semaine.commandes[0], message=None, instant=semaine.bourg.apres(hours=9))


def test_a_version_that_was_corrected_meanwhile_is_not_confirmed_unread(semaine: Semaine48) -> None:
    faire(semaine, demande({semaine.carottes: 250, semaine.chou: 1}))
    with pytest.raises(Refus, match="vient d’être corrigée"), transaction() as session:
        repondre(session, semaine.commandes[0], message=None, instant=semaine.bourg.apres(hours=31), version=1)
    with transaction() as session:
        repondre(session, semaine.commandes[0], message=None, instant=semaine.bourg.apres(hours=31), version=2)


# What a correction does.


def test_the_shortfall_is_taken_from_another_farm_and_everything_agrees(semaine: Semaine48) -> None:
    manquer(semaine, 1_000)
    faire(semaine, demande({semaine.carottes: 250, semaine.autres_carottes: 250, semaine.chou: 1}))
    one, other = semaine.bourg.maisons
    first, second = semaine.commandes
    third = compter("SELECT max(id) FROM commande")
    assert lignes() == {
        (first, semaine.carottes, one): 750,
        (first, semaine.carottes, other): 250,
        (second, semaine.chou, one): 3,
        (second, semaine.chou, other): 1,
        (third, semaine.autres_carottes, one): 750,
        (third, semaine.autres_carottes, other): 250,
    }
    with reading() as session:
        orders = session.execute(text("SELECT numero, version, etat FROM commande ORDER BY id")).all()
    assert orders == [("2026-48-01", 2, "emise"), ("2026-48-02", 1, "emise"), ("2026-48-03", 1, "emise")]
    assert compter("SELECT count(*) FROM manque WHERE correction_id IS NULL") == 0
    assert tout_tient() == []


def test_what_is_owed_is_reversed_and_booked_again(semaine: Semaine48) -> None:
    faire(semaine, demande({semaine.carottes: 250, semaine.chou: 1}))
    owed = compter("SELECT -sum(montant) FROM mouvement WHERE compte = 'producteurs'")
    assert owed == compter("SELECT sum(total_ht + tva) FROM commande")
    assert compter("SELECT sum(montant) FROM mouvement WHERE compte = 'achats'") == 0
    assert compter("SELECT sum(montant) FROM mouvement") == 0
    assert compter("SELECT count(*) FROM ecriture WHERE cle LIKE 'commandes:%'") == 2
    assert compter("SELECT count(*) FROM ecriture WHERE contrepasse_id IS NOT NULL") == 1
    assert tout_tient() == []


def test_a_credit_is_given_back_for_each_basket_and_explained(semaine: Semaine48) -> None:
    before = compter("SELECT sum(montant) FROM mouvement WHERE compte = 'foyer'")
    faire(semaine, demande({semaine.chou: 1}, credit=50))
    assert compter("SELECT sum(montant) FROM mouvement WHERE compte = 'foyer'") == before - 4 * 50
    assert compter("SELECT count(*) FROM ecriture WHERE libelle LIKE 'Geste pour le panier du%Le gel a pris%'") == 3
    assert compter("SELECT count(*) FROM commande_ligne WHERE offre_id = :o", o=semaine.carottes) == 0
    assert tout_tient() == []


def test_the_same_correction_pressed_twice_is_made_once(semaine: Semaine48) -> None:
    wanted = demande({semaine.carottes: 250, semaine.chou: 1})
    faire(semaine, wanted)
    with pytest.raises(Refus, match="rien n’a été fait deux fois"):
        faire(semaine, wanted)
    assert compter("SELECT count(*) FROM correction") == 1


def test_of_several_who_correct_at_once_one_does_and_the_others_are_told(semaine: Semaine48) -> None:
    def one(quantity: int) -> Callable[[Session], int]:
        wanted = demande({semaine.carottes: quantity, semaine.chou: 1})
        at = semaine.bourg.apres(hours=30)
        return lambda session: corriger(session, semaine.bourg.semaine, wanted, instant=at, par=None).numero

    outcomes = ensemble([one(quantity) for quantity in (100, 200, 300, 400)])
    assert [outcome for outcome in outcomes if outcome == 1] == [1], outcomes
    assert sum(isinstance(outcome, Refus) for outcome in outcomes) == 3
    assert compter("SELECT max(version) FROM commande") == 2
    assert tout_tient() == []


def test_without_the_count_that_the_page_had_shown_the_second_would_correct_again(
    semaine: Semaine48, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the two tests above."""
    faire(semaine, demande({semaine.carottes: 250, semaine.chou: 1}))
    monkeypatch.setattr(penuries, "combien", lambda _session, _week: 1)
    faire(semaine, demande({semaine.carottes: 200, semaine.chou: 1}, vues=1))
    assert compter("SELECT max(version) FROM commande") == 3


@pytest.mark.parametrize("etat", [e for e in EtatSemaine if e != EtatSemaine.COMMANDEE])
def test_a_week_is_corrected_between_its_orders_and_its_delivery_only(semaine: Semaine48, etat: EtatSemaine) -> None:
    with transaction() as session:
        session.execute(text("UPDATE semaine SET etat = :e WHERE id = :s"), {"e": etat, "s": semaine.bourg.semaine})
    with pytest.raises(Refus):
        faire(semaine, demande({semaine.carottes: 250, semaine.chou: 1}))
    assert compter("SELECT count(*) FROM correction") == 0


@pytest.mark.parametrize(
    ("wanted", "phrase"),
    [
        ({}, "Gardez au moins un produit"),
        ({"carottes": 500, "chou": 1}, "ne change pas"),
        ({"carottes": 5_001, "chou": 1}, "de 1 à 5 000"),
        ({"chou": 6}, "l’offre ne suffit pas"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    semaine: Semaine48, wanted: dict[str, int], phrase: str
) -> None:
    before = lignes()
    with pytest.raises(Refus, match=phrase):
        faire(semaine, demande({getattr(semaine, name): quantity for name, quantity in wanted.items()}))
    assert lignes() == before
    assert compter("SELECT count(*) FROM correction") == 0


@pytest.mark.parametrize(
    ("given", "phrase"),
    [
        ({"motif": "  "}, "pourquoi"),
        ({"motif": "x" * 201}, "deux cents"),
        ({"credit": 401}, "4,00"),
        ({"credit": -1}, "4,00"),
    ],
)
def test_a_reason_is_asked_for_and_the_credit_is_bounded(
    semaine: Semaine48, given: dict[str, object], phrase: str
) -> None:
    with pytest.raises(Refus, match=phrase):
        faire(semaine, demande({semaine.chou: 1}, **given))


def test_no_more_is_ordered_than_a_producer_says_is_left(semaine: Semaine48) -> None:
    manquer(semaine, 1_500)
    with pytest.raises(Refus, match="l’offre ne suffit pas"):
        faire(semaine, demande({semaine.carottes: 300, semaine.chou: 1}))
    faire(semaine, demande({semaine.carottes: 250, semaine.chou: 1}))
    with pytest.raises(Refus, match="l’offre ne suffit pas"):
        faire(semaine, demande({semaine.carottes: 300, semaine.chou: 1}, vues=1))


def test_without_what_was_said_too_much_would_be_ordered(semaine: Semaine48, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the test above."""
    manquer(semaine, 1_500)
    monkeypatch.setattr(penuries, "disponibles", lambda _session, _week: {})
    faire(semaine, demande({semaine.carottes: 300, semaine.chou: 1}))
    assert any("plus que le producteur" in fault for fault in tout_tient())


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(*[st.integers(0, 900)] * 2, st.integers(0, 3), st.integers(0, 900), st.integers(0, 400)),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_is_corrected_lines_and_surplus_make_whole_lots_and_the_ledger_agrees(
    base: str, corrections: list[tuple[int, int, int, int, int]]
) -> None:
    with get_engine().connect() as connection, connection.begin() as everything:
        session = Session(connection, join_transaction_mode="create_savepoint")
        week, offers = _en_session(session)
        for carrots, others, cabbages, pears, credit in corrections:
            wanted = dict(zip(offers, (carrots, cabbages, others, pears), strict=True))
            seen = penuries.combien(session, week.semaine)
            asked = Demande({o: q for o, q in wanted.items() if q}, credit, "Essai.", seen)
            try:
                with session.begin_nested():
                    corriger(session, week.semaine, asked, instant=week.apres(hours=30), par=None)
            except Refus:
                continue
            session.flush()
            _tout_agree(session, week.semaine)
        everything.rollback()


def _en_session(session: Session) -> tuple[Bourg, list[int]]:
    bourg = batir(session)
    peupler(session, bourg, [(0, 1, 300), (0, 2, 700), (1, 1, None)])
    offers = []
    for name, unit, lot, price in (
        ("Carotte", "gramme", 700, 151),
        ("Chou", "piece", 3, 117),
        ("Navet", "gramme", 450, 99),
        ("Poire", "gramme", 1_000, 233),
    ):
        farm = fabriques.producteur(session, franchise_tva=name == "Navet").id
        product = fabriques.produit(session, name, unite=unit, poids_piece=800 if unit == "piece" else None)
        offers.append(
            fabriques.offre(session, bourg.semaine, farm, product.id, quantite=lot * 8, lot=lot, prix=price).id
        )
    fabriques.composition(session, bourg.semaine, {offers[0]: 500, offers[1]: 1})
    cloturer(session, bourg.semaine, instant=bourg.apres(minutes=1))
    commander(session, bourg.semaine, instant=bourg.apres(hours=7))
    return bourg, offers


def _tout_agree(session: Session, semaine_id: int) -> None:
    """By independent SQL: whole lots, orders owed, nothing left in ACHATS; then the verifier's own rules."""
    cut = session.execute(
        text(
            "SELECT count(*) FROM (SELECT l.offre_id, sum(l.quantite) % max(o.lot) AS rest FROM commande_ligne l"
            " JOIN offre o ON o.id = l.offre_id GROUP BY 1) x WHERE rest <> 0"
        )
    ).scalar_one()
    assert cut == 0
    owed, ordered, left = session.execute(
        text(
            "SELECT (SELECT coalesce(-sum(montant), 0) FROM mouvement WHERE compte = 'producteurs'),"
            " (SELECT sum(total_ht + tva) FROM commande),"
            " (SELECT sum(montant) FROM mouvement WHERE compte = 'achats')"
        )
    ).one()
    assert (owed, left) == (ordered, 0)
    assert verifications.verifier(session) == []

"""Orders: one per producer and week, needs and surplus in whole lots, booked so that nothing stays in ACHATS."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.db import get_engine, transaction
from kernel.errors import Introuvable, Refus
from paiements import grand_livre
from paiements.models.grand_livre import CompteGL
from paniers import verifications
from paniers.cloture import cloturer
from paniers.commandes import commander, obstacle, paniers_par_maison, repondre
from paniers.models.producteurs import Commande, CommandeLigne
from paniers.models.semaines import Semaine
from paniers.regles.etats import EtatSemaine
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, batir, compter, ensemble, peupler


@pytest.fixture
def bourg(base: str) -> Bourg:
    """A closed week of three households (four baskets) in two maisons, composed of two farms' goods."""
    with transaction() as session:
        made = batir(session)
        peupler(session, made, [(0, 1, 300), (0, 2, 700), (1, 1, None)])
        garnir(session, made, [(1_000, 5_000, False), (300, 1_000, True)])
        cloturer(session, made.semaine, instant=made.apres(minutes=1))
    return made


def garnir(session: Session, bourg: Bourg, parts: list[tuple[int, int, bool]], prix: int = 180) -> None:
    """The week's basket: each part (grams in a basket, lot, farm exempt from VAT) is another farm's."""
    lines = {}
    for number, (grams, lot, exempt) in enumerate(parts):
        farm = fabriques.producteur(session, franchise_tva=exempt).id
        product = fabriques.produit(session, f"Légume {number}").id
        offer = fabriques.offre(session, bourg.semaine, farm, product, lot=lot, quantite=10**8, prix=prix + number)
        lines[offer.id] = grams
    fabriques.composition(session, bourg.semaine, lines)


def passer(bourg: Bourg) -> list[Commande]:
    with transaction() as session:
        return commander(session, bourg.semaine, instant=bourg.apres(hours=7))


def soldes(session: Session) -> dict[CompteGL, int]:
    return {compte: grand_livre.solde_du_compte(session, compte) for compte in CompteGL}


def test_each_farm_receives_what_its_maisons_need_in_whole_lots(bourg: Bourg) -> None:
    first, second = passer(bourg)
    with transaction() as session:
        rows = session.scalars(select(CommandeLigne).order_by(CommandeLigne.id)).all()
    lines = {(row.commande_id, row.maison_id): row.quantite for row in rows}
    one, other = bourg.maisons
    assert lines == {
        (first.id, one): 3_000,
        (first.id, other): 1_000,
        (first.id, None): 1_000,
        (second.id, one): 900,
        (second.id, other): 300,
        (second.id, None): 800,
    }
    assert (first.total_ht, first.tva) == (900, 50), "5 kg at 1,80 €, VAT of 5,5 % rounded up from 49,5"
    assert (second.total_ht, second.tva) == (362, 0), "an exempt farm counts no VAT"
    assert [first.numero, second.numero] == ["2026-48-01", "2026-48-02"]
    assert first.livraison_le == JEUDI


def test_once_ordered_achats_is_zero_and_the_ccas_pays_the_rest(bourg: Bourg) -> None:
    orders = passer(bourg)
    with transaction() as session:
        balances = soldes(session)
        prices = session.execute(text("SELECT sum(nombre * prix) FROM panier")).scalar_one()
    owed = sum(order.total_ht + order.tva for order in orders)
    assert sum(balances.values()) == 0
    assert balances[CompteGL.ACHATS] == 0
    assert balances[CompteGL.PRODUCTEURS] == -owed
    assert balances[CompteGL.PARTICIPATION_CCAS] == owed - prices


def test_ordering_twice_is_ordering_once(bourg: Bourg) -> None:
    assert len(passer(bourg)) == 2
    assert passer(bourg) == []
    assert compter("SELECT count(*) FROM commande") == 2
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'CommandeEmise'") == 2
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'BonsDemandes'") == 2, "one for each maison"


def test_several_timetables_at_once_order_once(bourg: Bourg) -> None:
    outcomes = ensemble([lambda s: len(commander(s, bourg.semaine, instant=bourg.apres(hours=7)))] * 4)
    assert sorted(outcomes, key=str) == [0, 0, 0, 2], outcomes
    assert compter("SELECT count(*) FROM commande") == 2


def test_an_open_week_is_not_ordered(base: str) -> None:
    with transaction() as session:
        bourg = batir(session)
    with pytest.raises(Refus, match="pas encore clôturée"):
        passer(bourg)


def test_without_a_published_composition_orders_wait_and_say_why(bourg: Bourg) -> None:
    with transaction() as session:
        session.execute(text("UPDATE composition SET publiee_le = NULL"))
    with pytest.raises(Refus, match="attendent") as told:
        passer(bourg)
    with transaction() as session:
        week = session.get_one(Semaine, bourg.semaine)
        assert obstacle(session, week) == told.value.sentence
        assert week.etat == EtatSemaine.CLOTUREE
        session.execute(text("UPDATE composition SET publiee_le = now()"))
        assert obstacle(session, week) is None
    assert len(passer(bourg)) == 2


def test_an_offer_that_is_too_small_is_named_and_nothing_is_ordered(bourg: Bourg) -> None:
    with transaction() as session:
        session.execute(text("UPDATE offre SET quantite = 4999, lot = 1 WHERE id = (SELECT min(id) FROM offre)"))
        session.execute(
            text("UPDATE composition_ligne SET quantite = 1250 WHERE id = (SELECT min(id) FROM composition_ligne)")
        )
    with pytest.raises(Refus, match="Légume 0"):
        passer(bourg)
    assert compter("SELECT count(*) FROM commande") == 0
    with transaction() as session:
        assert sum(soldes(session).values()) == 0


def test_a_week_of_nobody_is_ordered_with_nothing(base: str) -> None:
    with transaction() as session:
        bourg = batir(session)
        cloturer(session, bourg.semaine, instant=bourg.apres(minutes=1))
    assert passer(bourg) == []
    assert compter("SELECT count(*) FROM semaine WHERE etat = 'commandee'") == 1
    assert compter("SELECT count(*) FROM ecriture") == 0


def test_cancelled_baskets_are_not_ordered(bourg: Bourg) -> None:
    with transaction() as session:
        session.execute(text("UPDATE panier SET etat = 'annule' WHERE maison_id = :m"), {"m": bourg.maisons[0]})
        assert paniers_par_maison(session, bourg.semaine) == {bourg.maisons[1]: 1}


# Answers.


def test_a_producer_confirms_or_says_what_is_short_once(bourg: Bourg) -> None:
    order = passer(bourg)[0].id
    answers = [(None, "confirmee"), ("", "confirmee"), ("  40 kg sur 60 ", "ecart"), ("40 kg sur 60", "ecart")]
    for hour, (message, state) in enumerate(answers):
        with transaction() as session:
            repondre(session, order, message=message, instant=bourg.apres(hours=8 + hour))
        with transaction() as session:
            found = session.get_one(Commande, order)
            assert found.etat == state
    with transaction() as session:
        found = session.get_one(Commande, order)
    assert found.message == "40 kg sur 60"
    assert found.repondue_le == bourg.apres(hours=10), "the same answer again changes nothing"
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'CommandeRepondue'") == 2


def test_an_answer_too_long_or_to_no_order_is_refused(bourg: Bourg) -> None:
    order = passer(bourg)[0].id
    with pytest.raises(Refus, match="trop long"), transaction() as session:
        repondre(session, order, message="x" * 1001, instant=bourg.apres(hours=8))
    with pytest.raises(Introuvable), transaction() as session:
        repondre(session, 10**9, message=None, instant=bourg.apres(hours=8))


# Any composition.

PARTS = st.lists(
    st.tuples(st.integers(1, 3_000), st.sampled_from([1, 7, 500, 1_000, 5_000, 12_345]), st.booleans()),
    min_size=1,
    max_size=5,
)
MENAGES = st.lists(
    st.tuples(st.integers(0, 1), st.integers(1, 2), st.none() | st.integers(0, 2_000)), min_size=1, max_size=8
)


@settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(parts=PARTS, menages=MENAGES, prix=st.integers(1, 900))
def test_whatever_the_basket_lines_and_surplus_make_whole_lots_and_the_books_balance(
    base: str, parts: list[Any], menages: list[Any], prix: int
) -> None:
    with Session(get_engine()) as session:
        bourg = batir(session)
        peupler(session, bourg, menages)
        garnir(session, bourg, parts, prix)
        cloturer(session, bourg.semaine, instant=bourg.apres(minutes=1))
        orders = commander(session, bourg.semaine, instant=bourg.apres(hours=7))
        session.flush()
        asked = "SELECT l.offre_id, o.lot, sum(l.quantite) AS q FROM commande_ligne l JOIN offre o ON o.id = l.offre_id"
        rows = session.execute(text(f"{asked} GROUP BY 1, 2 ORDER BY 1")).all()
        baskets = sum(nombre for _, nombre, _ in menages)
        assert len(orders) == len(rows) == len(parts)
        for row, (grams, lot, _) in zip(rows, parts, strict=True):
            assert row.q % lot == 0
            assert grams * baskets <= row.q < grams * baskets + lot
        assert soldes(session)[CompteGL.ACHATS] == 0
        assert sum(soldes(session).values()) == 0
        assert verifications.verifier(session) == []
        session.rollback()


def test_the_orders_are_dated_of_the_day_they_were_due(bourg: Bourg) -> None:
    with transaction() as session:
        commander(session, bourg.semaine, instant=bourg.apres(days=3))
        entry = grand_livre.ecriture_de(session, f"commandes:{bourg.semaine}")
    assert entry is not None
    assert entry.jour == JEUDI - timedelta(days=3)

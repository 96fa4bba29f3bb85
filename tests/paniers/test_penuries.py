"""A producer is short: the basket is corrected once, and orders, ledger, papers and messages follow."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.db import get_engine, reading, transaction
from kernel.errors import Refus
from paiements import grand_livre
from paniers import penuries, verifications
from paniers.annulations import annuler
from paniers.cloture import cloturer
from paniers.commandes import commander, repondre
from paniers.courriels import familles as courriels
from paniers.courriels import producteurs as courriels_producteurs
from paniers.models.producteurs import Commande
from paniers.penuries import Demande, corriger
from paniers.regles.etats import EtatSemaine
from tests import fabriques
from tests.paniers.bourg import Bourg, batir, compter, ensemble
from tests.paniers.test_commandes import peupler


@dataclass(frozen=True)
class Semaine48:
    """An ordered week of four baskets: 500 g of carrots and a cabbage, from two farms; a third one has offers left."""

    bourg: Bourg
    carottes: int
    chou: int
    autres_carottes: int
    poires: int
    commandes: tuple[int, int]

    @property
    def instant(self) -> object:
        return self.bourg.apres(hours=30)


@pytest.fixture
def semaine(base: str) -> Semaine48:
    return ordonner()


def ordonner() -> Semaine48:
    with transaction() as session:
        bourg = batir(session)
        peupler(session, bourg, [(0, 1, 300), (0, 2, 700), (1, 1, None)])
        farms = [fabriques.producteur(session, franchise_tva=exempt).id for exempt in (False, True, False)]
        carrot, pear = fabriques.produit(session, "Carotte"), fabriques.produit(session, "Poire")
        cabbage = fabriques.produit(session, "Chou", unite="piece", poids_piece=900)
        week = bourg.semaine
        carrots = fabriques.offre(session, week, farms[0], carrot.id, quantite=20_000, lot=1_000, prix=150).id
        cabbages = fabriques.offre(session, week, farms[1], cabbage.id, quantite=20, lot=2, prix=120).id
        others = fabriques.offre(session, week, farms[2], carrot.id, quantite=5_000, lot=500, prix=170).id
        pears = fabriques.offre(session, week, farms[2], pear.id, quantite=50_000, lot=2_500, prix=220).id
        fabriques.composition(session, week, {carrots: 500, cabbages: 1})
        cloturer(session, week, instant=bourg.apres(minutes=1))
    with transaction() as session:
        first, second = commander(session, week, instant=bourg.apres(hours=7))
        return Semaine48(bourg, carrots, cabbages, others, pears, (first.id, second.id))


def demande(quantites: dict[int, int], **given: object) -> Demande:
    made = Demande(quantites, credit=0, motif="Le gel a pris des carottes.", vues=0)
    return replace(made, **given)  # type: ignore[arg-type]


def faire(semaine: Semaine48, wanted: Demande) -> int:
    with transaction() as session:
        return corriger(session, semaine.bourg.semaine, wanted, instant=semaine.bourg.apres(hours=30), par=None).id


def manquer(semaine: Semaine48, disponible: int) -> None:
    with transaction() as session:
        repondre(
            session,
            semaine.commandes[0],
            message=None,
            disponibles={semaine.carottes: disponible},
            instant=semaine.bourg.apres(hours=9),
        )


def lignes() -> dict[tuple[int, int, int | None], int]:
    with reading() as session:
        rows = session.execute(text("SELECT commande_id, offre_id, maison_id, quantite FROM commande_ligne"))
        return {(order, offer, place): quantity for order, offer, place, quantity in rows}


def tout_tient() -> list[str]:
    with reading() as session:
        return verifications.verifier(session)


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


# What is told, once.


def test_the_corrected_order_goes_out_once_under_its_version_with_its_papers(semaine: Semaine48) -> None:
    faire(semaine, demande({semaine.carottes: 250, semaine.chou: 1}))
    for _again in range(2):
        with transaction() as session:
            courriels_producteurs.commande(session, semaine.commandes[0])
    with reading() as session:
        (mail,) = session.execute(text("SELECT key, subject, text, attachments FROM mail")).all()
    order = semaine.commandes[0]
    assert mail.key == f"commande:{order}:2"
    assert "corrigée (version 2)" in mail.subject
    assert "annule et remplace" in mail.text
    assert "Carotte : 1\N{NO-BREAK SPACE}kg" in mail.text
    assert mail.attachments == [f"commande:{order}:v2:pdf", f"commande:{order}:v2:csv"]


def test_families_are_told_once_what_the_basket_holds_now(semaine: Semaine48) -> None:
    correction = faire(semaine, demande({semaine.chou: 1, semaine.poires: 500}, credit=50))
    for _again in range(2):
        for maison in semaine.bourg.maisons:
            with transaction() as session:
                courriels.panier_corrige(session, correction, maison)
    with reading() as session:
        mails = session.scalars(text("SELECT text FROM mail WHERE key LIKE 'correction:%' ORDER BY key")).all()
    assert len(mails) == 3
    assert all("Le gel a pris des carottes." in said and "Poire" in said and "Carotte :" not in said for said in mails)
    assert sum("1,00" in said for said in mails) == 1, "two baskets, two credits"


def test_families_are_not_told_of_the_same_product_from_another_farm(semaine: Semaine48) -> None:
    correction = faire(semaine, demande({semaine.carottes: 250, semaine.autres_carottes: 250, semaine.chou: 1}))
    with transaction() as session:
        for maison in semaine.bourg.maisons:
            courriels.panier_corrige(session, correction, maison)
    assert compter("SELECT count(*) FROM mail") == 0


def test_facts_leave_with_the_correction_one_for_each_reader(semaine: Semaine48) -> None:
    before = compter("SELECT count(*) FROM outbox_fact")
    faire(semaine, demande({semaine.carottes: 250, semaine.chou: 1}))
    told = f"SELECT count(*) FROM outbox_fact WHERE id > {before} AND name = "  # noqa: S608
    assert compter(told + "'CommandeEmise'") == 1, "one order differs"
    assert compter(told + "'BonsDemandes'") == 2
    assert compter(told + "'PanierCorrige'") == 2


# What the verifier would find.

ABIMER = {
    "portées 2 fois": "INSERT INTO ecriture (cle, jour, libelle, passee_le) SELECT 'commandes:' || id || chr(58) || 9,"
    " retrait_le, 'x', now() FROM semaine ORDER BY id LIMIT 1",
    "comme la dernière correction l’a dit": "UPDATE correction_ligne SET apres = apres + 1",
    "ne mènent pas à sa version": "UPDATE commande SET version = 3 WHERE version = 2",
    "le geste du panier": "UPDATE correction SET credit = 60",
    "plus que le producteur": "UPDATE manque SET disponible = 10",
}


@pytest.mark.parametrize("fault", ABIMER)
def test_each_tampering_is_named(semaine: Semaine48, fault: str) -> None:
    manquer(semaine, 1_000)
    faire(semaine, demande({semaine.carottes: 250, semaine.chou: 1}, credit=50))
    assert tout_tient() == []
    with transaction() as session:
        session.execute(text(ABIMER[fault]))
    assert any(fault in found for found in tout_tient())


# A correction, then no hand-out at all.

COMPTES_DES_FOYERS = text(
    "SELECT f.maison_id, sum(m.montant) AS solde, sum(m.montant) FILTER (WHERE e.cle LIKE 'panier:%') AS paniers"
    "  FROM mouvement m JOIN ecriture e ON e.id = m.ecriture_id JOIN foyer f ON f.id = m.foyer_id"
    " WHERE m.compte = 'foyer' GROUP BY f.id, f.maison_id ORDER BY f.id"
)


def soldes() -> list[tuple[int, int, int]]:
    """(maison, what the household owes, what its baskets were debited), told by this file's own query."""
    with reading() as session:
        return [tuple(row) for row in session.execute(COMPTES_DES_FOYERS)]


def corriger_puis_annuler(semaine: Semaine48) -> None:
    faire(semaine, demande({semaine.carottes: 250, semaine.chou: 1}, credit=50))
    with transaction() as session:
        annuler(
            session, semaine.bourg.semaine, semaine.bourg.maisons[0], motif="neige",
            instant=semaine.bourg.apres(hours=40),
        )  # fmt: skip


def test_a_basket_corrected_then_cancelled_leaves_nothing_due_and_gives_its_credit_back_once(
    semaine: Semaine48,
) -> None:
    here, there = semaine.bourg.maisons
    corriger_puis_annuler(semaine)
    assert soldes() == [(here, 0, 400), (here, 0, 1_100), (there, 850, 900)]
    ordered = compter("SELECT sum(total_ht + tva) FROM commande")
    assert compter("SELECT -sum(montant) FROM mouvement WHERE compte = 'producteurs'") == ordered, "farms are paid"
    borne = compter("SELECT sum(montant) FROM mouvement WHERE compte = 'participation_ccas'")
    assert borne == ordered - 850, "what households do not pay, the CCAS does"
    assert compter("SELECT sum(montant) FROM mouvement") == 0
    assert tout_tient() == []


def test_without_the_reversal_of_its_credit_a_cancelled_household_would_be_given_too_much(
    semaine: Semaine48, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    reverse = grand_livre.contrepasser_en_lot

    def baskets_only(session: Session, keys: list[str], told: str) -> None:
        reverse(session, [key for key in keys if key.startswith("panier:")], told)

    monkeypatch.setattr("paniers.annulations.grand_livre.contrepasser_en_lot", baskets_only)
    corriger_puis_annuler(semaine)
    assert [owed for _, owed, _ in soldes()] == [-50, -100, 850]

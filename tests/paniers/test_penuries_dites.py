"""A corrected basket: who is told what, once, and what the verification finds where somebody tampers with it."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.db import reading, transaction
from paiements import grand_livre
from paniers.annulations import annuler
from paniers.courriels import familles as courriels
from paniers.courriels import producteurs as courriels_producteurs
from tests.paniers.bourg import compter
from tests.paniers.penurie import Semaine48, demande, faire, manquer, semaine, tout_tient

__all__ = ["semaine"]

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

"""Stripe, the ledger and the tills side by side: equal when all is well, and one centime of drift is named."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import Role
from paiements import grand_livre, verifications
from paiements.en_ligne import litiges, prelevements, remboursements
from paiements.grand_livre import Ligne
from paiements.models.en_ligne import ConditionEnLigne
from paiements.models.grand_livre import CompteGL, Ecriture
from paiements.passerelle import prestataire_stripe
from paiements.rapprochement import comparaison, nuit, queries
from paiements.rapprochement.queries import EcartMontre
from paiements.regie import caisse
from paiements.regie.versements import verser
from tests.demo.outside_world import Outside, free_port, running
from tests.foyers.visite import connecte_en
from tests.paiements import guichet
from tests.paiements.conftest import brancher
from tests.paiements.monde import (
    CLE,
    SECRET,
    StripeLocal,
    compter,
    debiter,
    foyer_par_carte,
    lire,
    prelevement_du,
)

DERIVES = {
    "UPDATE mouvement m SET montant = montant - sign(montant) FROM ecriture e"
    " WHERE e.id = m.ecriture_id AND e.cle LIKE 'paiement:%'": ("paiement", -1),
    "UPDATE mouvement m SET montant = montant + sign(montant) FROM ecriture e"
    " WHERE e.id = m.ecriture_id AND e.cle LIKE 'remboursement:%'": ("remboursement", -1),
    "UPDATE mouvement m SET montant = montant + sign(montant) FROM ecriture e"
    " WHERE e.id = m.ecriture_id AND e.cle LIKE 'litige:%' AND e.contrepasse_id IS NULL": ("litige", -1),
    "UPDATE operation_stripe SET frais = frais + 1 WHERE frais > 0 AND nature = 'paiement'": ("frais", 1),
    "UPDATE operation_stripe SET montant = montant - 1 WHERE nature = 'virement'": ("virement", 1),
    "UPDATE versement SET especes = especes + 1": ("versement", -1),
}
"""An alteration of one centime, and what must be named: the nature, the ledger's excess in centimes."""

REGLES = {
    "UPDATE mouvement SET montant = montant + 1 WHERE compte = 'frais_stripe'": "Les frais de l’opération",
    "UPDATE mouvement SET montant = montant + 1 WHERE compte = 'banque'": "Le virement",
    "DELETE FROM operation_stripe": "n’a pas annoncé",
    "UPDATE rapprochement SET fait_le = NULL, demande_le = demande_le - interval '3 days'": (
        "attend depuis plus d’un jour"
    ),
}


@pytest.fixture
def stripe(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeLocal]:
    """A Stripe of this test's own: its balance is this town's alone."""
    arguments = ["--state", str(tmp_path / "stripe.db"), "--secret-key", CLE, "--webhook-secret", SECRET]
    for outside in running(Outside("demo.stripe_local", arguments, free_port(), "/_local/sante")):
        brancher(monkeypatch, outside.url)
        yield StripeLocal(outside.url)
    prestataire_stripe.oublier_client()


@pytest.fixture
def payes(stripe: StripeLocal) -> list[int]:
    """Two cards have paid 10 €; 4 € went back, a bank took the other 10 €. A payout. A till has deposited."""
    with transaction() as session:
        given = {"jour_du_mois": 5, "avance_max": 10_000, "reprises": {}, "remboursement": True}
        session.add(ConditionEnLigne(effet_le=date(2026, 1, 1), **given))
        here = guichet.comptoir(session)
        caisse.encaisser(session, guichet.recu(here), par=here.agent)
        verser(session, here.maison, 550, par=here.agent)
    paid = [_prelever(stripe) for _ in range(2)]
    with transaction() as session:
        lines = grand_livre.lignes_du_compte(session, lire(paid[0]).foyer_id)
        line = next(one for one in lines if one.cle.startswith("panier:"))
        grand_livre.contrepasser(session, line.ecriture_id, "Panier annulé")
    with transaction() as session:
        back = remboursements.demander(session, paid[0], montant=400, motif="Panier annulé", par=None)
    remboursements.rembourser(back)
    stripe.poster_local("virements")
    taken = stripe.poster_local("litiges", payment_intent=lire(paid[1]).stripe_id)
    litiges.conclure_litige(taken["id"])
    clock.set_now(clock.now() + timedelta(hours=1))
    return paid


def _prelever(stripe: StripeLocal) -> int:
    made, _client = foyer_par_carte(stripe)
    debiter(made, 1_000)
    paid = prelevement_du(made)
    prelevements.prelever(paid)
    return paid


def _ouverts() -> Sequence[EcartMontre]:
    nuit.rapprocher_le(clock.today())
    with reading() as session:
        return queries.ecarts(session)


def _totaux() -> dict[str, tuple[int, int]]:
    with reading() as session:
        state = queries.etat(session)
    assert state is not None
    return {one.nature: (one.ailleurs, one.grand_livre) for one in state.totaux}


def test_when_all_is_well_both_sides_are_equal_and_the_ledger_stands_as_stripe_does(
    stripe: StripeLocal, payes: list[int]
) -> None:
    for _ in range(2):
        assert _ouverts() == []
    # 25 centimes and 1.5 % a card, 15 € for what a bank takes back
    frais = 2 * 40 + 1_500
    assert _totaux() == {
        "paiement": (2_000, 2_000),
        "remboursement": (-400, -400),
        "litige": (-1_000, -1_000),
        "frais": (-frais, -frais),
        "virement": (-(2_000 - 400 - 80), -(2_000 - 400 - 80)),
        "versement": (550, 550),
    }
    with reading() as session:
        held = grand_livre.solde_du_compte(session, CompteGL.STRIPE)
        assert grand_livre.solde_du_compte(session, CompteGL.FRAIS_STRIPE) == frais
        assert verifications.verifier(session) == []
    assert held == sum(one["net"] for one in stripe.objets("balance_transaction")) == -2_500


def test_one_centime_of_drift_is_named_wherever_it_is(payes: list[int]) -> None:
    assert _ouverts() == []
    for alteration, (nature, exces) in DERIVES.items():
        with transaction() as session:
            for table in ("mouvement", "ecriture", "versement"):
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            session.execute(text(alteration))
            comparaison.constater(session, clock.now(), clock.now())
            found = queries.ecarts(session)
            assert {one.nature for one in found} == {nature}, alteration
            assert {one.grand_livre - one.ailleurs for one in found} == {exces}, alteration
            total = {one.nature: one.ailleurs - one.grand_livre for one in comparaison.totaux(session, clock.now())}
            assert total[nature] == sum(one.difference for one in found), "the écarts explain the sums"
            session.rollback()


def test_a_refund_that_a_bank_sent_back_is_named_until_it_is_heard_of(stripe: StripeLocal, payes: list[int]) -> None:
    assert _ouverts() == []
    (refund,) = stripe.objets("refund")
    stripe.poster_local(f"remboursements/{refund['id']}")
    clock.set_now(clock.now() + timedelta(minutes=1))
    assert [(one.nature, one.ailleurs, one.grand_livre) for one in _ouverts()] == [("remboursement", 0, -400)]
    remboursements.conclure_retour(refund["id"])
    clock.set_now(clock.now() + timedelta(minutes=1))
    assert _ouverts() == []


def test_the_rules_name_fees_and_payouts_that_the_ledger_does_not_have(payes: list[int]) -> None:
    assert _ouverts() == []
    for alteration, mot in REGLES.items():
        with transaction() as session:
            for table in ("mouvement", "ecriture"):
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            session.execute(text(alteration))
            assert any(mot in fault for fault in verifications.verifier(session)), alteration
            session.rollback()


def test_money_that_only_one_side_has_is_named_then_explained_with_a_trace(
    app: Flask, stripe: StripeLocal, payes: list[int]
) -> None:
    client, card = stripe.client_avec_carte()
    given = {"amount": 321, "currency": "eur", "customer": client, "payment_method": card, "confirm": "true"}
    stripe.poster("/v1/payment_intents", **given)
    with transaction() as session:
        lines = [Ligne(CompteGL.STRIPE, 77), Ligne(CompteGL.TRESOR, -77)]
        grand_livre.passer(session, cle="reprise:1", jour=clock.today(), libelle="À la main", mouvements=lines)
    clock.set_now(clock.now() + timedelta(hours=1))
    assert {(one.nature, one.ailleurs, one.grand_livre) for one in _ouverts()} == {
        ("paiement", 321, 0), ("autre", 0, 77)
    }  # fmt: skip
    first, second = _ouverts()
    with pytest.raises(Introuvable), transaction() as session:
        nuit.resoudre(session, 0, motif="Rien", par=1)
    regisseuse = connecte_en(app, Role.REGISSEUR, nom="Régine Faure")
    address = f"/regie/rapprochement/ecarts/{first.id}"
    assert regisseuse.poster(address, motif="").status_code == 422
    assert regisseuse.poster(address, motif="Essai du prestataire, rendu là-bas").status_code == 303
    assert "déjà résolu" in regisseuse.poster(address, motif="Encore").get_data(as_text=True)
    page = regisseuse.client.get("/regie/rapprochement").get_data(as_text=True)
    assert "Un écart à expliquer" in page
    assert "Essai du prestataire, rendu là-bas" in page
    assert "Régine" in page
    assert [one.id for one in _ouverts()] == [second.id], "explained, it is not asked about again"
    coordination = connecte_en(app, Role.COORDINATION)
    assert coordination.client.get("/regie/rapprochement").status_code == 200
    assert coordination.client.get(address).status_code == 403
    with transaction() as session:
        grand_livre.contrepasser(
            session, session.scalars(select(Ecriture.id).filter_by(cle="reprise:1")).one(), "Annulé"
        )
    assert _ouverts() == [], "equal again, it vanishes by itself"
    with pytest.raises(Refus, match="disparu de lui-même"), transaction() as session:
        nuit.resoudre(session, second.id, motif="Trop tard", par=1)


def test_what_moves_again_after_the_days_end_is_left_for_the_next_day(stripe: StripeLocal, payes: list[int]) -> None:
    assert _ouverts() == []
    with transaction() as session:
        session.execute(text("UPDATE operation_stripe SET le = le + interval '2 hours' WHERE nature = 'litige'"))
        comparaison.constater(session, clock.now(), clock.now())
        assert queries.ecarts(session) == [], "half of it would be a difference"
        session.rollback()


def test_each_night_after_three_it_is_asked_for_once_and_an_outage_loses_nothing(base: str) -> None:
    monday = clock.paris(date(2026, 11, 23))
    with transaction() as session:
        guichet.regie(session)
    asked = []
    for hours in (2.9, 3.1, 4, 26, 24 * 9 + 4, 24 * 9 + 5):
        with transaction() as session:
            asked.append(nuit.demander_la_nuit(session, monday + timedelta(hours=hours)))
    assert asked == [False, True, False, False, True, False]
    days = "SELECT count(*) FROM rapprochement WHERE jour IN ('2026-11-22', '2026-12-01')"
    assert compter(days) == compter("SELECT count(*) FROM outbox_fact WHERE name = 'RapprochementDemande'") == 2


def test_the_command_names_what_differs_and_refuses_a_day_that_is_held_already(app: Flask, payes: list[int]) -> None:
    runner = app.test_cli_runner()
    done = runner.invoke(args=["paiements", "rapprocher"])
    assert (done.exit_code, done.output) == (0, "Tout est égal.\n")
    earlier = (clock.today() - timedelta(days=1)).isoformat()
    assert "déjà rapproché" in runner.invoke(args=["paiements", "rapprocher", "--jour", earlier]).output
    assert "pas encore venu" in runner.invoke(args=["paiements", "rapprocher", "--jour", "2199-01-01"]).output
    with transaction() as session:
        session.execute(text("DELETE FROM operation_stripe WHERE nature = 'litige'"))
        session.execute(text("UPDATE operation_stripe SET le = now() - interval '9 days' WHERE nature <> 'litige'"))
    done = runner.invoke(args=["paiements", "rapprocher"])
    assert (done.exit_code, done.output) == (0, "Tout est égal.\n"), "what was lost is read again at Stripe"

"""Money that goes back: never more than was taken, whoever asks at once; disputes, even after a refund; paid twice."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
import requests
from flask import Flask
from sqlalchemy.orm import Session

from kernel import clock
from kernel.db import transaction
from kernel.errors import Refus
from kernel.web.access import Role
from paiements import courriels, grand_livre, verifications
from paiements.en_ligne import avancement, checkout, evenements, litiges, prelevements, remboursements
from paiements.models.en_ligne import ConditionEnLigne, Paiement
from paiements.models.grand_livre import CompteGL
from paiements.models.retours import Remboursement
from paiements.passerelle import Evenement, Indisponible
from paiements.queries import familles as queries
from paiements.regles.etats import Etat
from tests.foyers.visite import connecte_en
from tests.paiements.monde import (
    StripeLocal,
    compter,
    debiter,
    foyer_par_carte,
    lire,
    page_id,
    prelevement_du,
)

LUNDI = clock.paris(date(2026, 11, 23)) + timedelta(hours=9)


@pytest.fixture
def foyer_id(stripe: StripeLocal) -> int:
    """A household whose card has paid 10 € for a basket that was cancelled since; the CCAS gives money back."""
    clock.set_now(LUNDI)
    made, _ = foyer_par_carte(stripe, email="samira@exemple.test", canal="email")
    with transaction() as session:
        given = {"jour_du_mois": 5, "avance_max": 10_000, "reprises": {}, "remboursement": True}
        session.add(ConditionEnLigne(effet_le=date(2026, 1, 1), **given))
    debiter(made, 1_000)
    prelevements.prelever(prelevement_du(made))
    with transaction() as session:
        debit = next(one for one in grand_livre.lignes_du_compte(session, made) if one.cle.startswith("panier:"))
        grand_livre.contrepasser(session, debit.ecriture_id, "Panier annulé")
    return made


def solde(foyer_id: int) -> int:
    with transaction() as session:
        return grand_livre.solde(session, foyer_id)


def demander(paiement_id: int, montant: int) -> int:
    with transaction() as session:
        return remboursements.demander(session, paiement_id, montant=montant, motif="Panier annulé", par=None)


def sains() -> bool:
    with transaction() as session:
        return verifications.verifier(session) == []


def test_a_part_goes_back_then_the_rest_and_never_more(stripe: StripeLocal, foyer_id: int) -> None:
    paiement_id = prelevement_du(foyer_id)
    first = demander(paiement_id, 400)
    with pytest.raises(Refus, match="jusqu’à 6,00"):
        demander(paiement_id, 601)
    for _ in range(2):
        remboursements.rembourser(first)
    assert solde(foyer_id) == -600
    remboursements.rembourser(demander(paiement_id, 600))
    assert solde(foyer_id) == 0
    with pytest.raises(Refus, match="Rien de ce paiement"):
        demander(paiement_id, 1)
    assert (
        sum(one["amount"] for one in stripe.objets("refund") if one["payment_intent"] == lire(paiement_id).stripe_id)
        == 1_000
    )
    with transaction() as session:
        courriels.rembourse(session, first)
        courriels.rembourse(session, first)
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%Nous vous rendons 4,00%'") == 1
    assert sains()


def test_without_the_right_to_give_money_back_it_stays_as_an_advance(stripe: StripeLocal, foyer_id: int) -> None:
    clock.set_now(clock.paris(date(2025, 6, 1)))
    with pytest.raises(Refus, match="reste en avance"):
        demander(prelevement_du(foyer_id), 400)


def test_what_paid_for_a_basket_that_stands_cannot_go_back(stripe: StripeLocal, foyer_id: int) -> None:
    debiter(foyer_id, 900, "2026-W49")
    with pytest.raises(Refus, match="jusqu’à 1,00"):
        demander(prelevement_du(foyer_id), 400)


def a_la_fois(paiement_id: int, combien: int, montant: int) -> int:
    """So many ask at once; how many were granted."""
    barrier = threading.Barrier(combien)

    def one(_: int) -> bool:
        barrier.wait()
        try:
            demander(paiement_id, montant)
        except Refus:
            return False
        return True

    with ThreadPoolExecutor(combien) as pool:
        return sum(pool.map(one, range(combien)))


def test_ten_ask_at_once_for_a_fifth_and_exactly_five_get_it(stripe: StripeLocal, foyer_id: int) -> None:
    """Row 7: N×2 threads → exactly N."""
    assert a_la_fois(prelevement_du(foyer_id), 10, 200) == 5
    assert sains()


def test_control_without_the_lock_more_is_granted_than_was_taken(
    stripe: StripeLocal, foyer_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Barrier(4)

    def unlocked(session: Session, paiement_id: int) -> Paiement:
        return session.get_one(Paiement, paiement_id)

    counted = remboursements.remboursable

    def together(session: Session, paiement: Paiement) -> int:
        most = counted(session, paiement)
        gate.wait(timeout=20)
        return most

    monkeypatch.setattr(remboursements, "verrouiller", unlocked)
    monkeypatch.setattr(remboursements, "remboursable", together)
    assert a_la_fois(prelevement_du(foyer_id), 4, 1_000) == 4
    with transaction() as session:
        assert any("plus qu’il n’a pris" in fault for fault in verifications.verifier(session))


@pytest.mark.parametrize("panne", ["drop_after", "drop_before"])
def test_a_lost_reply_gives_back_once(stripe: StripeLocal, foyer_id: int, panne: str) -> None:
    paiement_id = prelevement_du(foyer_id)
    back = demander(paiement_id, 400)
    stripe.panne(panne, route="POST /v1/refunds", times=2)
    with pytest.raises(Indisponible):
        remboursements.rembourser(back)
    with transaction() as session:
        assert remboursements.relancer(session, clock.now() + timedelta(minutes=11)) == 1
    remboursements.rembourser(back)
    assert solde(foyer_id) == -600
    assert len([one for one in stripe.objets("refund") if one["payment_intent"] == lire(paiement_id).stripe_id]) == 1


def test_a_refund_made_at_stripe_itself_is_heard_of_and_booked_once(stripe: StripeLocal, foyer_id: int) -> None:
    paiement_id = prelevement_du(foyer_id)
    mine = demander(paiement_id, 300)
    remboursements.rembourser(mine)
    made = stripe.poster("/v1/refunds", payment_intent=lire(paiement_id).stripe_id, amount=200)
    for number in range(2):
        with transaction() as session:
            evenements.recevoir(session, Evenement(f"evt_r{number}", "charge.refunded", made["charge"], {}))
        evenements.conclure_evenement(f"evt_r{number}")
    assert solde(foyer_id) == -500
    with transaction() as session:
        assert session.query(Remboursement).count() == 2
    assert sains()


def test_a_refund_that_a_bank_sends_back_is_an_advance_again_shown_and_told_once(
    stripe: StripeLocal, foyer_id: int, app: Flask
) -> None:
    back = demander(prelevement_du(foyer_id), 400)
    remboursements.rembourser(back)
    assert solde(foyer_id) == -600
    with transaction() as session:
        refund = session.get_one(Remboursement, back).stripe_id
    stripe.poster_local(f"remboursements/{refund}", reason="lost_or_stolen_card")
    for number in range(2):
        with transaction() as session:
            evenements.recevoir(session, Evenement(f"evt_f{number}", "refund.failed", refund or "", {}))
        evenements.conclure_evenement(f"evt_f{number}")
    assert solde(foyer_id) == -1_000, "by reversal, once"
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'RemboursementRevenu'") == 1
    with transaction() as session:
        for tell in (courriels.rembourse, courriels.revenu, courriels.revenu):
            tell(session, back)
    assert (
        compter("SELECT count(*) FROM mail WHERE text LIKE '%n’a pas pu les recevoir%en avance sur votre compte%'") == 1
    )
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%Nous vous rendons%'") == 0, "it would be untrue by now"
    assert "revenu de la banque" in connecte_en(app, Role.REGISSEUR).lire("/regie/en-ligne").text
    assert sains()
    remboursements.rembourser(demander(prelevement_du(foyer_id), 1_000))
    assert solde(foyer_id) == 0, "it may be given back again, whole"


# What a bank takes back.


def contester(stripe: StripeLocal, paiement_id: int, **plus: str) -> str:
    asked = {"payment_intent": lire(paiement_id).stripe_id, **plus}
    answer = requests.post(f"{stripe.url}/_local/litiges", json=asked, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["id"])


def clore(stripe: StripeLocal, litige: str, status: str) -> None:
    requests.post(f"{stripe.url}/_local/litiges/{litige}", json={"status": status}, timeout=10).raise_for_status()


def entendre(litige: str, numero: int) -> None:
    with transaction() as session:
        evenements.recevoir(session, Evenement(f"evt_{litige}_{numero}", "charge.dispute.created", litige, {}))
    evenements.conclure_evenement(f"evt_{litige}_{numero}")


def test_a_dispute_thirteen_months_later_shows_the_debt_and_is_told_kindly(stripe: StripeLocal) -> None:
    clock.set_now(LUNDI)
    foyer_id, _ = foyer_par_carte(stripe, email="samira@exemple.test", canal="email")
    debiter(foyer_id)
    paiement_id = prelevement_du(foyer_id)
    prelevements.prelever(paiement_id)
    clock.set_now(LUNDI + timedelta(days=395))
    litige = contester(stripe, paiement_id)
    for number in range(2):
        entendre(litige, number)
    assert solde(foyer_id) == 550
    assert compter("SELECT count(*) FROM echeance WHERE reglee_le IS NULL") == 1
    with transaction() as session:
        assert queries.compte(session, foyer_id).a_payer == 550
        for _ in range(2):
            courriels.litige(session, compter("SELECT id FROM litige"))
    assert (
        compter("SELECT count(*) FROM mail WHERE text LIKE '%5,50%' AND text LIKE '%Rien ne change pour vos paniers%'")
        == 1
    )
    assert sains()
    clore(stripe, litige, "won")
    entendre(litige, 2)
    entendre(litige, 3)
    assert solde(foyer_id) == 0
    assert compter("SELECT count(*) FROM echeance WHERE reglee_le IS NULL") == 0
    assert sains()


def test_a_dispute_after_a_refund_leaves_a_debt_that_is_explained_line_by_line(
    stripe: StripeLocal, foyer_id: int
) -> None:
    """Row 8: the bank takes back what had been given back already."""
    paiement_id = prelevement_du(foyer_id)
    remboursements.rembourser(demander(paiement_id, 1_000))
    litige = contester(stripe, paiement_id)
    clore(stripe, litige, "lost")
    entendre(litige, 0)
    assert solde(foyer_id) == 1_000
    assert compter("SELECT count(*) FROM litige WHERE etat = 'perdu'") == 1
    with transaction() as session:
        lines = [line.libelle for line in grand_livre.lignes_du_compte(session, foyer_id)]
        assert {"Remboursement : Panier annulé", litiges.REPRIS} <= set(lines)
    assert sains()


def test_a_family_that_pays_twice_finds_the_second_in_advance_and_is_told(stripe: StripeLocal) -> None:
    clock.set_now(LUNDI)
    foyer_id, _ = foyer_par_carte(stripe, "pm_card_chargeCustomerFail", email="samira@exemple.test", canal="email")
    debiter(foyer_id)
    prelevements.prelever(prelevement_du(foyer_id))
    adresse = checkout.ouvrir_paiement_en_ligne(foyer_id)
    with transaction() as session:  # the counter takes the money while the page is open
        lines = [
            grand_livre.Ligne(CompteGL.STRIPE, 550),
            grand_livre.Ligne(CompteGL.FOYER, -550, foyer_id=foyer_id),
        ]
        grand_livre.passer(session, cle="comptoir", jour=clock.today(), libelle="Payé", mouvements=lines)
        avancement.solder(session, foyer_id)
    stripe.payer_page(adresse)
    checkout.conclure_page(page_id(adresse), "retour")
    paid = compter("SELECT id FROM paiement WHERE nature = 'en_ligne'")
    assert (lire(paid).etat, lire(paid).en_trop, solde(foyer_id)) == (Etat.REUSSI, 550, -550)
    with transaction() as session:
        courriels.recu(session, paid)
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%5,50%de trop restent en avance%'") == 1
    assert sains()


def test_the_regisseur_gives_back_what_was_paid_twice_and_sees_what_stripe_says_of_nobody(
    stripe: StripeLocal, foyer_id: int, app: Flask
) -> None:
    paiement_id = prelevement_du(foyer_id)
    with transaction() as session:
        session.get_one(Paiement, paiement_id).en_trop = 1_000
        evenements.recevoir(session, Evenement("evt_x", "payment_intent.succeeded", "pi_inconnu", {}))
    clock.set_now(LUNDI + timedelta(hours=2))
    visite = connecte_en(app, Role.REGISSEUR)
    page = visite.lire("/regie/en-ligne").text
    assert "Payés en trop" in page
    assert "pi_inconnu" in page
    address = f"/regie/en-ligne/paiements/{paiement_id}/rembourser"
    assert visite.lire(address).status_code == 200
    assert visite.poster(address, montant="11", motif="Deux fois").status_code == 422
    assert visite.poster(address, montant="4,50", motif="Payé deux fois").status_code == 303
    remboursements.rembourser(compter("SELECT id FROM remboursement"))
    assert solde(foyer_id) == -550
    assert "Payé deux fois" in visite.lire("/regie/en-ligne").text

"""Paying by Stripe's page, saving a card there, and hearing of it: one effect, whoever comes first, however often."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from kernel import clock
from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from paiements import echeances, grand_livre, reglements, verifications
from paiements.en_ligne import checkout, prelevements
from paiements.en_ligne.checkout import Issue
from paiements.models.en_ligne import Mode, Paiement
from paiements.passerelle import Indisponible
from paiements.queries import familles as queries
from paiements.regles.etats import Etat
from tests import fabriques
from tests.paiements.monde import (
    StripeLocal,
    compter,
    debiter,
    foyer_par_carte,
    lire,
    page_id,
    prelevement_du,
)


@pytest.fixture
def foyer_id(stripe: StripeLocal) -> int:
    """A household that owes 5,50 €, and pays at its maison so far."""
    with transaction() as session:
        fait = fabriques.foyer(session).id
    debiter(fait)
    return fait


def solde(foyer_id: int) -> int:
    with transaction() as session:
        return grand_livre.solde(session, foyer_id)


def paiement_de(page: str) -> int:
    with transaction() as session:
        return session.query(Paiement).filter_by(session_stripe=page).one().id


def ensemble(*gestes: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same instant."""
    depart = threading.Barrier(len(gestes))

    def partir(geste: Callable[[], Any]) -> Any:
        depart.wait()
        return geste()

    with ThreadPoolExecutor(len(gestes)) as pool:
        return list(pool.map(partir, gestes))


def test_a_family_pays_what_it_owes_and_its_echeance_is_settled(stripe: StripeLocal, foyer_id: int) -> None:
    adresse = checkout.ouvrir_paiement_en_ligne(foyer_id)
    stripe.payer_page(adresse)
    conclusion = checkout.conclure_page(page_id(adresse), "retour")
    assert (conclusion.issue, conclusion.montant) == (Issue.PAYE, 550)
    assert solde(foyer_id) == 0
    assert compter("SELECT count(*) FROM echeance WHERE reglee_le IS NULL") == 0
    with transaction() as session:
        assert verifications.verifier(session) == []
    with pytest.raises(Refus, match="rien à payer"):
        checkout.ouvrir_paiement_en_ligne(foyer_id)


def test_a_page_still_open_is_given_again_and_one_that_no_longer_fits_is_closed(
    stripe: StripeLocal, foyer_id: int
) -> None:
    premiere = checkout.ouvrir_paiement_en_ligne(foyer_id)
    assert checkout.ouvrir_paiement_en_ligne(foyer_id) == premiere
    debiter(foyer_id, 700, "2026-W49")
    seconde = checkout.ouvrir_paiement_en_ligne(foyer_id)
    assert seconde != premiere
    stripe.payer_page(premiere)
    assert solde(foyer_id) == 1250, "a closed page takes no money"
    assert lire(paiement_de(page_id(premiere))).etat == Etat.ABANDONNE
    assert lire(paiement_de(page_id(seconde))).montant == 1250


def test_a_page_paid_just_before_it_was_to_be_closed_is_counted(stripe: StripeLocal, foyer_id: int) -> None:
    stripe.payer_page(checkout.ouvrir_paiement_en_ligne(foyer_id))
    debiter(foyer_id, 700, "2026-W49")
    adresse = checkout.ouvrir_paiement_en_ligne(foyer_id)
    assert solde(foyer_id) == 700
    assert lire(paiement_de(page_id(adresse))).montant == 700


def test_two_clicks_at_once_open_one_page(stripe: StripeLocal, foyer_id: int) -> None:
    pages = ensemble(*[lambda: checkout.ouvrir_paiement_en_ligne(foyer_id)] * 4)
    assert len(set(pages)) == 1
    assert compter("SELECT count(*) FROM paiement") == 1


def test_a_lost_answer_opens_the_same_page_at_the_next_click(stripe: StripeLocal, foyer_id: int) -> None:
    stripe.panne("drop_after", "POST /v1/checkout/sessions", times=2)
    with pytest.raises(Indisponible):
        checkout.ouvrir_paiement_en_ligne(foyer_id)
    checkout.ouvrir_paiement_en_ligne(foyer_id)
    assert compter("SELECT count(*) FROM paiement") == 1


def test_what_is_being_taken_from_the_card_is_not_asked_for_again(stripe: StripeLocal) -> None:
    foyer_id, _ = foyer_par_carte(stripe)
    debiter(foyer_id)
    with pytest.raises(Refus, match="rien à payer"):
        checkout.ouvrir_paiement_en_ligne(foyer_id)


def test_after_a_refusal_the_family_pays_that_echeance_and_no_older_debt(stripe: StripeLocal) -> None:
    foyer_id, _ = foyer_par_carte(stripe, "pm_card_chargeCustomerFail")
    for cle, montant in (("2026-W47", 700), ("2026-W48", 550)):
        debiter(foyer_id, montant, cle)
        prelevements.prelever(prelevement_du(foyer_id))
    echeance_id = lire(prelevement_du(foyer_id)).echeance_id
    adresse = checkout.ouvrir_paiement_en_ligne(foyer_id, echeance_id)
    stripe.payer_page(adresse)
    checkout.conclure_page(page_id(adresse), "retour")
    assert solde(foyer_id) == 700
    with transaction() as session:
        assert [impaye.montant for impaye in queries.compte(session, foyer_id).impayes] == [700]


def test_somebody_elses_echeance_looks_like_none(stripe: StripeLocal, foyer_id: int) -> None:
    with transaction() as session:
        autre = fabriques.foyer(session).id
        echeance_id = session.execute(text("SELECT id FROM echeance")).scalar_one()
    with pytest.raises(Introuvable):
        checkout.ouvrir_paiement_en_ligne(autre, echeance_id)


def test_a_card_saved_on_stripes_page_pays_from_then_on(stripe: StripeLocal, foyer_id: int) -> None:
    adresse = checkout.enregistrer_carte(foyer_id, "famille@exemple.test", "/mon-abonnement")
    stripe.payer_page(adresse)
    for _ in range(2):
        conclusion = checkout.conclure_page(page_id(adresse), "retour")
        assert (conclusion.issue, conclusion.suite) == (Issue.CARTE, "/mon-abonnement")
    with transaction() as session:
        montree = queries.compte(session, foyer_id)
        assert montree.mode is Mode.CARTE
        assert montree.carte is not None
        assert montree.carte.nom == "Visa se terminant par 4242"
    debiter(foyer_id, 700, "2026-W49")
    prelevements.prelever(prelevement_du(foyer_id))
    assert lire(prelevement_du(foyer_id)).etat == Etat.REUSSI
    assert solde(foyer_id) == 550, "the older debt is not swept in"


def test_the_card_asked_for_last_stays_in_whatever_order_the_pages_are_heard_of(
    stripe: StripeLocal, foyer_id: int
) -> None:
    pages = [checkout.enregistrer_carte(foyer_id, None) for _ in range(2)]
    for adresse, numero in zip(pages, ("4242424242424242", "5555555555554444"), strict=True):
        stripe.payer_page(adresse, numero)
    for adresse in reversed(pages):
        checkout.conclure_page(page_id(adresse), "webhook")
    with transaction() as session:
        carte = reglements.carte_en_usage(session, foyer_id)
        assert carte is not None
        assert carte.derniers_chiffres == "4444"
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'CarteEnregistree'") == 1


def test_pages_nobody_came_back_from_are_read_again_later(stripe: StripeLocal, foyer_id: int) -> None:
    payee, carte = checkout.ouvrir_paiement_en_ligne(foyer_id), checkout.enregistrer_carte(foyer_id, None)
    stripe.payer_page(payee)
    stripe.payer_page(carte)
    with transaction() as session:
        assert echeances.relancer(session, clock.now() + timedelta(minutes=31)) == 2
    sql = "SELECT payload->>'session_stripe' FROM outbox_fact WHERE name = 'PageStripeAVerifier'"
    with transaction() as session:
        pages = list(session.execute(text(sql)).scalars())
    for page in pages:
        checkout.conclure_page(page, "verification")
    assert solde(foyer_id) == 0
    with transaction() as session:
        assert reglements.carte_en_usage(session, foyer_id) is not None


def test_a_page_that_was_never_obtained_is_given_up(stripe: StripeLocal, foyer_id: int) -> None:
    stripe.panne("drop_before", "POST /v1/checkout/sessions", times=2)
    with pytest.raises(Indisponible):
        checkout.ouvrir_paiement_en_ligne(foyer_id)
    with transaction() as session:
        assert echeances.relancer(session, clock.now() + timedelta(hours=2)) == 1
    assert compter("SELECT count(*) FROM paiement WHERE etat = 'abandonne'") == 1

"""Returns, webhooks and later readings, in any order, at once, doubled: one effect each."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from kernel.db import transaction
from paiements import courriels, passerelle, reglements, verifications
from paiements.en_ligne import avancement, checkout, evenements, prelevements
from paiements.en_ligne.prelevements import ObjetInconnu
from paiements.models.en_ligne import EnregistrementCarte, Mode, Paiement
from paiements.passerelle import Evenement, Indisponible, Refuse
from paiements.queries import familles as queries
from paiements.regles.etats import Etat
from tests import fabriques
from tests.paiements.monde import (
    StripeLocal,
    compter,
    debiter,
    faits,
    foyer_par_carte,
    page_id,
    prelevement_du,
)
from tests.paiements.test_pages_stripe import ensemble, paiement_de, solde


@pytest.fixture
def foyer_id(stripe: StripeLocal) -> int:
    """A household that owes 5,50 €, and pays at its maison so far."""
    with transaction() as session:
        fait = fabriques.foyer(session).id
    debiter(fait)
    return fait


def recevoir(type_: str, objet: str) -> str:
    """Store an event as the webhook does; returns its id."""
    evenement_id = f"evt_{uuid.uuid4().hex}"
    with transaction() as session:
        evenements.recevoir(session, Evenement(evenement_id, type_, objet, {"id": evenement_id}))
    return evenement_id


def arrivees(foyer_id: int, stripe: StripeLocal) -> tuple[int, list[Callable[[], Any]]]:
    """A paid page, and all who come to tell of it: (payment, gestures)."""
    adresse = checkout.ouvrir_paiement_en_ligne(foyer_id)
    stripe.payer_page(adresse)
    page = page_id(adresse)
    intention = passerelle.prestataire().lire_page(page).recu
    assert intention is not None
    evenements_recus = [
        recevoir("checkout.session.completed", page),
        recevoir("payment_intent.succeeded", intention.intention),
    ]
    return paiement_de(page), [
        lambda: checkout.conclure_page(page, "retour"),
        lambda: checkout.conclure_page(page, "verification"),
        *(lambda e=e: evenements.conclure_evenement(e) for e in evenements_recus),
    ]


def test_return_webhooks_and_reconciliation_at_once_have_one_effect_and_one_mail(
    stripe: StripeLocal, foyer_id: int
) -> None:
    for tour in range(5):
        if tour:
            debiter(foyer_id, 550, f"tour {tour}")
        paiement_id, gestes = arrivees(foyer_id, stripe)
        ensemble(*gestes)
        assert faits("PaiementReussi", paiement_id) == 1
        with transaction() as session:
            courriels.recu(session, paiement_id)
            courriels.recu(session, paiement_id)
        assert compter("SELECT count(*) FROM mail WHERE key = :key", key=f"paiement:{paiement_id}:recu") == 1
        assert solde(foyer_id) == 0
    with transaction() as session:
        assert verifications.verifier(session) == []


def test_control_without_the_lock_two_who_come_at_once_both_tell_of_it(
    stripe: StripeLocal, foyer_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    paiement_id, gestes = arrivees(foyer_id, stripe)
    tous_ont_lu = threading.Barrier(2)

    def sans_verrou(session: Any, paiement_id: int) -> Paiement:
        lu = session.get_one(Paiement, paiement_id)
        tous_ont_lu.wait(10)
        return lu  # type: ignore[no-any-return]

    monkeypatch.setattr(checkout, "verrouiller", sans_verrou)
    ensemble(*gestes[:2])
    assert faits("PaiementReussi", paiement_id) == 2


@pytest.mark.parametrize("examples", [12, pytest.param(1_000, marks=pytest.mark.long)])
def test_webhooks_doubled_and_shuffled_leave_the_same_state(stripe: StripeLocal, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        database=None,
    )
    @given(data=st.data())
    def histoire(data: st.DataObject) -> None:
        foyer_id, nouvelles = histoire_d_un_foyer(stripe)
        ordre = data.draw(st.permutations(nouvelles * 2))
        for type_, objet in ordre[: data.draw(st.integers(0, len(nouvelles)))] + ordre:
            evenements.conclure_evenement(recevoir(type_, objet))
        assert etat_final(foyer_id) == ETAT_FINAL

    histoire()
    with transaction() as session:
        assert verifications.verifier(session) == []


def histoire_d_un_foyer(stripe: StripeLocal) -> tuple[int, list[tuple[str, str]]]:
    """All that happened at Stripe, and of which nothing but webhooks tells us.

    A charge whose reply was lost; a payment page where a first card was refused; a page left to expire; a new card.
    """
    foyer_id, client = foyer_par_carte(stripe)
    debiter(foyer_id, 550)
    stripe.panne("drop_after", times=2)
    with pytest.raises(Indisponible):
        prelevements.prelever(prelevement_du(foyer_id))
    with transaction() as session:
        reglements.choisir_mode(session, foyer_id, Mode.MAISON)
    debiter(foyer_id, 700, "2026-W49")
    payee = checkout.ouvrir_paiement_en_ligne(foyer_id)
    stripe.payer_page(payee, "4000000000009995")
    stripe.payer_page(payee)
    carte = checkout.enregistrer_carte(foyer_id, None)
    stripe.payer_page(carte, "5555555555554444")
    laissee = checkout.enregistrer_carte(foyer_id, None)
    stripe.expirer_page(page_id(laissee))
    recu = passerelle.prestataire().lire_page(page_id(payee)).recu
    assert recu is not None
    charge = stripe.intentions_reussies(client)[0]
    return foyer_id, [
        ("payment_intent.succeeded", charge),
        ("payment_intent.payment_failed", recu.intention),
        ("payment_intent.succeeded", recu.intention),
        ("checkout.session.completed", page_id(payee)),
        ("checkout.session.completed", page_id(carte)),
        ("checkout.session.expired", page_id(laissee)),
    ]


ETAT_FINAL = {
    "etats": ["reussi", "reussi"],
    "solde": 0,
    "carte": "4444",
    "mode": "carte",
    "entrees": 2,
    "annonces": 2,
    "ouvertes": 0,
}


def etat_final(foyer_id: int) -> dict[str, Any]:
    with transaction() as session:
        compte = queries.compte(session, foyer_id)
        carte = reglements.carte_en_usage(session, foyer_id)
        paiements = session.query(Paiement).filter_by(foyer_id=foyer_id).order_by(Paiement.id).all()
        demandes = session.query(EnregistrementCarte).filter_by(foyer_id=foyer_id, conclu_le=None).count()
    return {
        "etats": [paiement.etat for paiement in paiements],
        "solde": compte.solde,
        "carte": carte.derniers_chiffres if carte else None,
        "mode": compte.mode,
        "entrees": len([ligne for ligne in compte.lignes if ligne.cle.startswith("paiement:")]),
        "annonces": sum(faits("PaiementReussi", paiement.id) for paiement in paiements),
        "ouvertes": demandes,
    }


def test_control_a_late_refusal_believed_would_undo_a_success(stripe: StripeLocal, foyer_id: int) -> None:
    paiement_id, gestes = arrivees(foyer_id, stripe)
    gestes[0]()
    with transaction() as session:
        paiement = avancement.verrouiller(session, paiement_id)
        assert not avancement.refuser(session, paiement, Etat.REFUSE, Refuse("tard", None), cause="essai")
        assert paiement.etat == Etat.REUSSI
        session.execute(text("UPDATE paiement SET etat = 'refuse'"))  # what the table of states forbids
        assert any("n’est pas dans l’état" in faute for faute in verifications.verifier(session))
        session.rollback()


def test_an_event_about_what_is_not_ours_is_kept_and_shown(stripe: StripeLocal) -> None:
    autre = stripe.poster("/v1/payment_intents", amount=100, currency="eur")
    evenement_id = recevoir("payment_intent.succeeded", autre["id"])
    with pytest.raises(ObjetInconnu):
        evenements.conclure_evenement(evenement_id)
    assert compter("SELECT count(*) FROM evenement_stripe WHERE traite_le IS NULL") == 1


def test_an_event_of_no_use_is_kept_and_wakes_nobody(base: str) -> None:
    recevoir("charge.updated", "ch_1")
    assert compter("SELECT count(*) FROM evenement_stripe WHERE traite_le IS NOT NULL") == 1
    assert compter("SELECT count(*) FROM outbox_fact") == 0

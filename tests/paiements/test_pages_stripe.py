"""Paying by Stripe's page, saving a card there, and hearing of it: one effect, whoever comes first, however often."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from kernel import clock
from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from paiements import (
    avancement,
    checkout,
    courriels,
    echeances,
    evenements,
    grand_livre,
    passerelle,
    prelevements,
    queries,
    reglements,
    verifications,
)
from paiements.checkout import Issue
from paiements.etats import Etat
from paiements.models import EnregistrementCarte, Mode, Paiement
from paiements.passerelle import Evenement, Indisponible, Refuse
from paiements.prelevements import ObjetInconnu
from tests import fabriques
from tests.paiements.monde import (
    StripeLocal,
    compter,
    debiter,
    faits,
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


def ensemble(*gestes: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same instant."""
    depart = threading.Barrier(len(gestes))

    def partir(geste: Callable[[], Any]) -> Any:
        depart.wait()
        return geste()

    with ThreadPoolExecutor(len(gestes)) as pool:
        return list(pool.map(partir, gestes))


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
    intention = passerelle.lire_page(page).recu
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
    recu = passerelle.lire_page(page_id(payee)).recu
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

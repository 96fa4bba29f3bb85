"""A refused charge asked for once more: only where its rule says so, on its day, and its money is taken once."""

from datetime import date, timedelta

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from kernel import clock
from kernel.db import transaction
from paiements import courriels, echeances, grand_livre, verifications
from paiements.en_ligne import avancement, checkout, prelevements, reprises
from paiements.passerelle import Indisponible, Refuse
from paiements.regles.etats import Etat
from paiements.regles.refus import REPRENABLES, Famille, Reprise, jour_de_reprise
from tests.paiements.monde import (
    StripeLocal,
    compter,
    debiter,
    ecritures,
    faits,
    foyer_par_carte,
    lire,
    page_id,
    prelevement_du,
)

LUNDI = clock.paris(date(2026, 11, 23)) + timedelta(hours=9)


@pytest.fixture
def foyer_id(stripe: StripeLocal) -> int:
    """A household whose charge has been refused on a Monday: not enough on the account."""
    clock.set_now(LUNDI)
    made, _ = foyer_par_carte(stripe)
    banque(stripe, made, "insufficient_funds")
    debiter(made)
    prelevements.prelever(prelevement_du(made))
    return made


def banque(stripe: StripeLocal, foyer_id: int, dit: str) -> None:
    """From now on the bank says `dit` to that household's card."""
    with transaction() as session:
        query = text("SELECT stripe_id FROM carte WHERE foyer_id = :foyer AND retiree_le IS NULL")
        card = session.execute(query, {"foyer": foyer_id}).scalar_one()
    requests.post(f"{stripe.url}/_local/cartes/{card}", json={"outcome": dit}, timeout=10).raise_for_status()


def reprendre(jours: int) -> int:
    clock.set_now(LUNDI + timedelta(days=jours))
    with transaction() as session:
        return reprises.reprendre(session, clock.now())


@given(
    st.sampled_from(Famille),
    st.builds(Reprise, st.integers(0, 4), st.integers(1, 31), st.lists(st.integers(1, 31), max_size=3).map(tuple)),
    st.integers(0, 3),
    st.dates(date(2026, 1, 1), date(2030, 12, 31)),
)
def test_a_rule_gives_a_later_day_and_never_for_what_needs_a_person(
    famille: Famille, regle: Reprise, deja: int, refuse_le: date
) -> None:
    """Whatever the data says."""
    day = jour_de_reprise(famille, {famille: regle}, deja=deja, refuse_le=refuse_le)
    if famille not in REPRENABLES or deja >= regle.fois:
        assert day is None
    else:
        assert day is not None
        assert refuse_le < day <= refuse_le + timedelta(days=62)
        paydays = regle.jours_du_mois
        assert day.day in paydays if paydays else day == refuse_le + timedelta(days=regle.apres_jours)


def test_not_enough_on_the_account_is_asked_for_once_more_five_days_later(stripe: StripeLocal, foyer_id: int) -> None:
    paiement_id = prelevement_du(foyer_id)
    with transaction() as session:
        courriels.refus(session, paiement_id)
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%une seule fois de plus, samedi 28 novembre%'") == 1
    assert [reprendre(4), reprendre(5), reprendre(5)] == [0, 1, 0]
    banque(stripe, foyer_id, "ok")
    prelevements.prelever(paiement_id)
    prelevements.prelever(paiement_id)
    assert lire(paiement_id).etat == Etat.REUSSI
    assert (ecritures(paiement_id), faits("PrelevementDemande", paiement_id)) == (1, 2)
    assert len([i for i in stripe.objets("charge") if i["payment_intent"] == lire(paiement_id).stripe_id]) == 2
    with transaction() as session:
        assert verifications.verifier(session) == []


def test_refused_again_it_is_told_again_and_never_asked_for_a_third_time(stripe: StripeLocal, foyer_id: int) -> None:
    paiement_id = prelevement_du(foyer_id)
    with transaction() as session:
        courriels.refus(session, paiement_id)
    reprendre(5)
    prelevements.prelever(paiement_id)
    with transaction() as session:
        courriels.refus(session, paiement_id)
    assert (lire(paiement_id).etat, lire(paiement_id).reprise_le) == (Etat.REFUSE, None)
    assert reprendre(300) == 0
    assert compter("SELECT count(*) FROM mail WHERE key LIKE :refus", refus="paiement:%:refus%") == 2
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%une seule fois de plus%'") == 1


@pytest.mark.parametrize(
    "code", ["expired_card", "lost_card", "authentication_required", "revocation_of_authorization"]
)
def test_what_needs_another_card_or_the_person_is_never_asked_for_again(stripe: StripeLocal, code: str) -> None:
    clock.set_now(LUNDI)
    foyer_id, _ = foyer_par_carte(stripe)
    banque(stripe, foyer_id, code)
    debiter(foyer_id)
    prelevements.prelever(prelevement_du(foyer_id))
    assert lire(prelevement_du(foyer_id)).etat in (Etat.REFUSE, Etat.A_AUTHENTIFIER)
    assert reprendre(300) == 0


def test_a_family_that_has_paid_meanwhile_or_pays_at_its_maison_is_not_asked_again(
    stripe: StripeLocal, foyer_id: int
) -> None:
    adresse = checkout.ouvrir_paiement_en_ligne(foyer_id)
    stripe.payer_page(adresse)
    checkout.conclure_page(page_id(adresse), "retour")
    assert reprendre(5) == 0
    with transaction() as session:
        assert grand_livre.solde(session, foyer_id) == 0


@pytest.mark.parametrize("panne", ["drop_after", "drop_before"])
def test_a_lost_reply_to_the_second_try_is_resolved_and_charges_once(
    stripe: StripeLocal, foyer_id: int, panne: str
) -> None:
    paiement_id = prelevement_du(foyer_id)
    reprendre(5)
    banque(stripe, foyer_id, "ok")
    stripe.panne(panne, route=f"POST /v1/payment_intents/{lire(paiement_id).stripe_id}/confirm", times=2)
    with pytest.raises(Indisponible):
        prelevements.prelever(paiement_id)
    assert lire(paiement_id).etat == Etat.INCONNU
    prelevements.prelever(paiement_id)
    assert (lire(paiement_id).etat, ecritures(paiement_id)) == (Etat.REUSSI, 1)


def test_late_news_of_the_first_refusal_tell_nothing_of_the_second_try(stripe: StripeLocal, foyer_id: int) -> None:
    paiement_id = prelevement_du(foyer_id)
    reprendre(5)
    prelevements.conclure_intention(lire(paiement_id).stripe_id or "", "webhook en retard")
    assert (lire(paiement_id).etat, faits("PaiementRefuse", paiement_id)) == (Etat.PREPARE, 1)
    with transaction() as session:  # control: without the name of the try, it is believed
        paiement = avancement.verrouiller(session, paiement_id)
        assert avancement.refuser(session, paiement, Etat.REFUSE, Refuse("insufficient_funds", None), cause="essai")
        session.rollback()


def test_an_authentication_finished_after_the_cut_off_settles_its_own_week(stripe: StripeLocal) -> None:
    clock.set_now(LUNDI)
    foyer_id, _ = foyer_par_carte(stripe)
    banque(stripe, foyer_id, "authentication_required")
    debiter(foyer_id, 550, "2026-W48")
    late = prelevement_du(foyer_id)
    prelevements.prelever(late)
    clock.set_now(LUNDI + timedelta(days=7))
    banque(stripe, foyer_id, "ok")
    debiter(foyer_id, 700, "2026-W49")
    prelevements.prelever(prelevement_du(foyer_id))
    adresse = checkout.ouvrir_paiement_en_ligne(foyer_id, lire(late).echeance_id)
    stripe.payer_page(adresse)
    assert checkout.conclure_page(page_id(adresse), "retour").montant == 550
    with transaction() as session:
        assert grand_livre.solde(session, foyer_id) == 0
        assert verifications.verifier(session) == []
    assert compter("SELECT count(*) FROM echeance WHERE reglee_le IS NULL") == 0


def test_stripe_away_for_hours_charges_resume_by_themselves_and_once(stripe: StripeLocal) -> None:
    clock.set_now(LUNDI)
    households = [foyer_par_carte(stripe) for _ in range(2)]
    for foyer_id, _ in households:
        debiter(foyer_id)
    asked = [prelevement_du(foyer_id) for foyer_id, _ in households]
    for route in ("POST /v1/payment_intents", "GET /v1/payment_intents"):
        stripe.panne("status", route, status=503, times=1_000)
    for hour in range(3):
        clock.set_now(LUNDI + timedelta(hours=hour))
        for paiement_id in asked:
            with pytest.raises(Indisponible):
                prelevements.prelever(paiement_id)
        with transaction() as session:
            assert echeances.relancer(session, clock.now() + timedelta(minutes=11)) == 2
    stripe.reparer()
    for paiement_id in asked:
        prelevements.prelever(paiement_id)
    assert [lire(paiement_id).etat for paiement_id in asked] == [Etat.REUSSI] * 2
    assert [len(stripe.intentions_reussies(client)) for _, client in households] == [1, 1]

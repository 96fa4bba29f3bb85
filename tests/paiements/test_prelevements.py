"""Charging a saved card, on good days and bad: one charge, one entry, one key, whatever Stripe or the line does."""

import time
from datetime import timedelta

import pytest
import requests
from sqlalchemy import select

from kernel import clock
from kernel.db import transaction
from paiements import courriels, echeances, grand_livre, passerelle, reglements, verifications
from paiements.en_ligne import prelevements
from paiements.models.en_ligne import Carte, Mode, Rythme
from paiements.models.grand_livre import CompteGL
from paiements.passerelle import Indisponible, prestataire_stripe
from paiements.regles.etats import Etat
from tests.paiements.monde import (
    StripeLocal,
    compter,
    debiter,
    ecritures,
    faits,
    foyer_par_carte,
    lire,
    prelevement_du,
)

PANNES = {
    "la réponse se perd": {"kind": "drop_after", "times": 2},
    "la demande se perd": {"kind": "drop_before", "times": 2},
    "Stripe se tait après avoir fait": {"kind": "timeout", "executed": True, "ms": 3000, "times": 2},
    "Stripe se tait sans avoir fait": {"kind": "timeout", "ms": 3000, "times": 2},
    "500 avant de faire": {"kind": "status", "status": 500, "times": 2},
    "500 après avoir fait": {"kind": "status", "status": 500, "executed": True, "times": 2},
    "503": {"kind": "status", "status": 503, "times": 2},
    "409, la même clé est en train d’être servie": {"kind": "status", "status": 409, "times": 2},
    "429, trop de demandes": {"kind": "status", "status": 429, "times": 2},
}

REFUS = {
    "pm_card_chargeCustomerFail": (Etat.REFUSE, "generic_decline"),
    "pm_card_authenticationRequired": (Etat.A_AUTHENTIFIER, "authentication_required"),
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": (Etat.A_AUTHENTIFIER, "authentication_required"),
}


def test_a_saved_card_is_charged_once_and_the_ledger_says_so(stripe: StripeLocal) -> None:
    foyer_id, client = foyer_par_carte(stripe)
    debiter(foyer_id, 550)
    paiement_id = prelevement_du(foyer_id)

    prelevements.prelever(paiement_id)
    prelevements.prelever(paiement_id)

    assert lire(paiement_id).etat == Etat.REUSSI
    assert stripe.intentions_reussies(client) == [lire(paiement_id).stripe_id]
    assert (ecritures(paiement_id), faits("PaiementReussi", paiement_id)) == (1, 1)
    with transaction() as session:
        assert grand_livre.solde(session, foyer_id) == 0
        assert verifications.verifier(session) == []
    assert compter("SELECT count(*) FROM echeance WHERE reglee_le IS NULL") == 0


@pytest.mark.parametrize("panne", PANNES.values(), ids=PANNES.keys())
def test_an_unknown_outcome_is_resolved_by_reading_never_by_a_new_key(
    stripe: StripeLocal, panne: dict[str, object]
) -> None:
    foyer_id, client = foyer_par_carte(stripe)
    debiter(foyer_id)
    paiement_id, debut = prelevement_du(foyer_id), time.time()
    stripe.panne(**panne)  # type: ignore[arg-type]

    with pytest.raises(Indisponible):
        prelevements.prelever(paiement_id)
    assert lire(paiement_id).etat == Etat.INCONNU
    stripe.reparer()
    prelevements.prelever(paiement_id)

    assert lire(paiement_id).etat == Etat.REUSSI
    assert len(stripe.intentions_reussies(client)) == 1
    assert ecritures(paiement_id) == 1
    cles = {note["key"] for note in stripe.requetes("POST", "/v1/payment_intents", debut)}
    assert cles == {str(lire(paiement_id).cle)}


def test_control_without_reading_first_and_with_new_keys_a_lost_reply_charges_twice(
    stripe: StripeLocal, monkeypatch: pytest.MonkeyPatch
) -> None:
    foyer_id, client = foyer_par_carte(stripe)
    debiter(foyer_id)
    paiement_id = prelevement_du(foyer_id)
    sans_la_garde(monkeypatch)
    stripe.panne("drop_after", times=2)
    with pytest.raises(Indisponible):
        prelevements.prelever(paiement_id)
    prelevements.prelever(paiement_id)
    assert len(stripe.intentions_reussies(client)) == 2


def sans_la_garde(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the guard away: never read first, and send a new key each time."""
    vrai, essais = prestataire_stripe.prelever, iter(range(1_000))

    def avec_une_autre_cle(ordre: passerelle.Ordre) -> passerelle.Resultat:
        autre = passerelle.Ordre(f"{ordre.cle}-{next(essais)}", ordre.montant, ordre.client, ordre.carte, ordre.libelle)
        return vrai(autre)

    monkeypatch.setattr(prestataire_stripe, "prelever", avec_une_autre_cle)
    monkeypatch.setattr(prestataire_stripe, "retrouver", lambda client, cle: None)


@pytest.mark.parametrize(("carte", "attendu"), REFUS.items())
def test_a_refusal_is_told_kindly_and_never_tried_again_blindly(
    stripe: StripeLocal, carte: str, attendu: tuple[Etat, str]
) -> None:
    foyer_id, _ = foyer_par_carte(stripe, carte)
    debiter(foyer_id)
    paiement_id, debut = prelevement_du(foyer_id), time.time()

    prelevements.prelever(paiement_id)
    prelevements.prelever(paiement_id)

    paiement = lire(paiement_id)
    assert (paiement.etat, paiement.code_refus) == attendu
    assert len(stripe.requetes("POST", "/v1/payment_intents", debut)) == 1
    assert (ecritures(paiement_id), faits("PaiementRefuse", paiement_id)) == (0, 1)
    with transaction() as session:
        assert grand_livre.solde(session, foyer_id) == 550
        courriels.refus(session, paiement_id)
        courriels.refus(session, paiement_id)
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%/paiements/lien/%'") == 1


@pytest.mark.parametrize(
    ("code", "mot"),
    [
        ("insufficient_funds", "pas assez sur le compte"),
        ("expired_card", "a expiré"),
        ("stolen_card", "n’accepte plus cette carte"),
        ("lost_card", "n’accepte plus cette carte"),
        ("generic_decline", "n’a pas accepté"),
    ],
)
def test_each_family_of_refusals_has_its_words(stripe: StripeLocal, code: str, mot: str) -> None:
    foyer_id, _ = foyer_par_carte(stripe)
    debiter(foyer_id)
    paiement_id = prelevement_du(foyer_id)
    stripe_dit(stripe, foyer_id, code)
    prelevements.prelever(paiement_id)
    with transaction() as session:
        courriels.refus(session, paiement_id)
    assert lire(paiement_id).code_refus == code
    assert compter("SELECT count(*) FROM mail WHERE text LIKE :mot AND html LIKE :mot", mot=f"%{mot}%") == 1
    assert compter("SELECT count(*) FROM mail WHERE text ~* 'vol[ée]|stolen|declin|perdue'") == 0


def test_a_family_that_has_paid_meanwhile_is_neither_charged_nor_written_to(stripe: StripeLocal) -> None:
    foyer_id, client = foyer_par_carte(stripe)
    debiter(foyer_id)
    with transaction() as session:
        payer = [
            grand_livre.Ligne(CompteGL.STRIPE, 550),
            grand_livre.Ligne(CompteGL.FOYER, -550, foyer_id=foyer_id),
        ]
        grand_livre.passer(session, cle="essai", jour=clock.today(), libelle="Payé", mouvements=payer)
    prelevements.prelever(prelevement_du(foyer_id))
    assert lire(prelevement_du(foyer_id)).etat == Etat.ABANDONNE
    assert stripe.intentions(client) == []


def test_an_advance_is_used_up_first_and_an_old_debt_is_never_swept_in(stripe: StripeLocal) -> None:
    foyer_id, _ = foyer_par_carte(stripe)
    with transaction() as session:
        avance = [
            grand_livre.Ligne(CompteGL.STRIPE, 200),
            grand_livre.Ligne(CompteGL.FOYER, -200, foyer_id=foyer_id),
        ]
        grand_livre.passer(session, cle="avance", jour=clock.today(), libelle="Avance", mouvements=avance)
    debiter(foyer_id, 550, "2026-W47")
    assert lire(prelevement_du(foyer_id)).montant == 350
    debiter(foyer_id, 700, "2026-W48")
    assert lire(prelevement_du(foyer_id)).montant == 700


def test_what_an_advance_leaves_below_what_a_card_takes_is_paid_at_the_maison(stripe: StripeLocal) -> None:
    foyer_id, _ = foyer_par_carte(stripe)
    with transaction() as session:
        lines = [grand_livre.Ligne(CompteGL.STRIPE, 548), grand_livre.Ligne(CompteGL.FOYER, -548, foyer_id=foyer_id)]
        paid = grand_livre.passer(session, cle="avance", jour=clock.today(), libelle="Avance", mouvements=lines)
    debiter(foyer_id, 550)
    assert compter("SELECT count(*) FROM paiement") == 0
    assert compter("SELECT count(*) FROM echeance WHERE mode = 'maison' AND reglee_le IS NULL") == 1
    with transaction() as session:
        assert paid is not None
        grand_livre.contrepasser(session, paid, "Avance reprise")  # what is due now has no charge, and says so
        session.flush()
        assert verifications.verifier(session) == []


def test_what_little_an_advance_leaves_of_a_week_still_waits_for_the_month(stripe: StripeLocal) -> None:
    foyer_id, _ = foyer_par_carte(stripe)
    with transaction() as session:
        reglements.choisir_rythme(session, foyer_id, Rythme.MOIS)
        lines = [grand_livre.Ligne(CompteGL.STRIPE, 548), grand_livre.Ligne(CompteGL.FOYER, -548, foyer_id=foyer_id)]
        grand_livre.passer(session, cle="avance", jour=clock.today(), libelle="Avance", mouvements=lines)
    debiter(foyer_id, 550)
    assert compter("SELECT count(*) FROM echeance WHERE mode = 'carte' AND a_grouper AND reglee_le IS NULL") == 1


def test_a_retry_sends_the_card_of_the_first_try_even_if_another_was_saved_since(stripe: StripeLocal) -> None:
    foyer_id, client = foyer_par_carte(stripe)
    debiter(foyer_id)
    paiement_id = prelevement_du(foyer_id)
    stripe.panne("drop_before", times=2)
    with pytest.raises(Indisponible):
        prelevements.prelever(paiement_id)
    autre = stripe.poster("/v1/payment_methods/pm_card_mastercard/attach", customer=client)
    with transaction() as session:
        lue = passerelle.CarteLue(autre["id"], "mastercard", "4444", 12, 2034)
        reglements.adopter(session, foyer_id, lue, clock.now())
    prelevements.prelever(paiement_id)
    assert lire(paiement_id).etat == Etat.REUSSI
    assert len(stripe.intentions_reussies(client)) == 1


def test_a_withdrawn_card_becomes_a_refusal_without_a_call(stripe: StripeLocal) -> None:
    foyer_id, client = foyer_par_carte(stripe)
    debiter(foyer_id)
    with transaction() as session:
        reglements.retirer(session, foyer_id, Mode.CARTE)
    prelevements.prelever(prelevement_du(foyer_id))
    assert lire(prelevement_du(foyer_id)).code_refus == prelevements.SANS_CARTE
    assert stripe.intentions(client) == []


def test_what_waits_too_long_is_taken_up_again_once_a_turn(stripe: StripeLocal) -> None:
    foyer_id, _ = foyer_par_carte(stripe)
    debiter(foyer_id)
    paiement_id = prelevement_du(foyer_id)
    plus_tard = clock.now() + timedelta(minutes=11)
    with transaction() as session:
        assert echeances.relancer(session, clock.now()) == 0
        assert echeances.relancer(session, plus_tard) == 1
        assert echeances.relancer(session, plus_tard) == 0
        assert echeances.relancer(session, plus_tard + timedelta(days=3)) == 1
    assert faits("PrelevementDemande", paiement_id) == 3
    prelevements.prelever(paiement_id)
    with transaction() as session:
        assert echeances.relancer(session, plus_tard + timedelta(days=9)) == 0


def stripe_dit(stripe: StripeLocal, foyer_id: int, code: str) -> None:
    """From now on the bank says `code` to the household's card."""
    with transaction() as session:
        methode = session.scalars(select(Carte.stripe_id).where(Carte.foyer_id == foyer_id)).one()
    requests.post(f"{stripe.url}/_local/cartes/{methode}", json={"outcome": code}, timeout=10).raise_for_status()

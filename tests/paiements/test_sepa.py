"""SEPA debits: a mandate, a notice before each debit, a bank that answers within a fortnight, and a failure at D+14."""

from datetime import date, timedelta

import pytest
import requests
from sqlalchemy import text

from kernel import clock
from kernel.db import transaction
from paiements import courriels, echeances, grand_livre, reglements, verifications
from paiements.en_ligne import checkout, preavis, prelevements, regroupement
from paiements.en_ligne.checkout import Issue
from paiements.models.en_ligne import Mode, Rythme
from paiements.passerelle import Indisponible
from paiements.queries import familles as queries
from paiements.regles.etats import Etat
from tests import fabriques
from tests.paiements.monde import (
    StripeLocal,
    compter,
    debiter,
    ecritures,
    faits,
    lire,
    page_id,
    prelevement_du,
)

DIMANCHE = clock.paris(date(2026, 11, 23)) + timedelta(minutes=1)
BON, MAUVAIS = "FR1420041010050500013M02606", "FR8420041010050500013M02607"


def autoriser(stripe: StripeLocal, foyer_id: int, iban: str = BON) -> None:
    """The family signs a mandate on Stripe's page."""
    adresse = checkout.enregistrer_mandat(foyer_id, "famille@exemple.test")
    requests.post(adresse, data={"iban": iban, "name": "Samira"}, allow_redirects=False, timeout=10)
    conclusion = checkout.conclure_page(page_id(adresse), "retour")
    assert (conclusion.issue, len(conclusion.reference)) == (Issue.MANDAT, 16)


def foyer_par_sepa(stripe: StripeLocal, iban: str = BON, **given: str) -> int:
    clock.set_now(DIMANCHE)
    with transaction() as session:
        made = fabriques.foyer(session, **given).id
    autoriser(stripe, made, iban)
    return made


def annoncer(paiement_id: int) -> None:
    with transaction() as session:
        preavis.annoncer(session, paiement_id)


def au_jour(jours: int) -> int:
    """So many days later the timetable looks; how many it takes up."""
    clock.set_now(DIMANCHE + timedelta(days=jours, hours=7))
    with transaction() as session:
        return echeances.relancer(session, clock.now())


def repondre(stripe: StripeLocal, paiement_id: int, dit: str | None = None) -> None:
    """The bank answers."""
    answer = requests.post(f"{stripe.url}/_local/sepa/{lire(paiement_id).stripe_id}", json={"outcome": dit}, timeout=10)
    answer.raise_for_status()


def test_a_mandate_signed_on_stripes_page_pays_from_then_on_and_shows_its_reference(stripe: StripeLocal) -> None:
    foyer_id = foyer_par_sepa(stripe)
    with transaction() as session:
        compte = queries.compte(session, foyer_id)
        assert compte.mode is Mode.SEPA
        assert compte.mandat is not None
        assert compte.mandat.nom == "Compte bancaire se terminant par 2606"
        assert stripe.objets("mandate")[-1]["payment_method_details"]["sepa_debit"]["reference"] == (
            compte.mandat.reference
        )


def test_a_debit_is_announced_two_days_ahead_and_never_asked_for_before(stripe: StripeLocal) -> None:
    foyer_id = foyer_par_sepa(stripe, email="samira@exemple.test", canal="email")
    debiter(foyer_id)
    paiement_id = prelevement_du(foyer_id)
    assert (faits("PreavisDemande", paiement_id), faits("PrelevementDemande", paiement_id)) == (1, 0)
    assert au_jour(9) == 0, "nobody was told yet, so nothing is asked for, however late"
    prelevements.prelever(paiement_id)
    assert lire(paiement_id).etat == Etat.PREPARE
    clock.set_now(DIMANCHE)
    annoncer(paiement_id)
    annoncer(paiement_id)
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%5,50%mercredi 25 novembre 2026%Mandat%'") == 1
    assert [au_jour(1), au_jour(2)] == [0, 1]
    prelevements.prelever(paiement_id)
    prelevements.prelever(paiement_id)
    assert lire(paiement_id).etat == Etat.EN_COURS
    with transaction() as session:
        compte = queries.compte(session, foyer_id)
        assert (compte.solde, compte.a_payer, compte.en_cours) == (550, 0, 550)
        assert verifications.verifier(session) == []
    repondre(stripe, paiement_id)
    prelevements.conclure_intention(lire(paiement_id).stripe_id or "", "webhook")
    assert (lire(paiement_id).etat, ecritures(paiement_id)) == (Etat.REUSSI, 1)
    with transaction() as session:
        assert grand_livre.solde(session, foyer_id) == 0
        assert verifications.verifier(session) == []


def test_control_a_debit_asked_for_without_its_notice_is_named(
    stripe: StripeLocal, monkeypatch: pytest.MonkeyPatch
) -> None:
    foyer_id = foyer_par_sepa(stripe)
    debiter(foyer_id)
    monkeypatch.setattr(preavis, "donne", lambda paiement: True)
    prelevements.prelever(prelevement_du(foyer_id))
    with transaction() as session:
        assert any("prévenue à temps" in fault for fault in verifications.verifier(session))


def test_a_letter_takes_its_time(stripe: StripeLocal) -> None:
    foyer_id = foyer_par_sepa(stripe, canal="papier")
    debiter(foyer_id)
    annoncer(prelevement_du(foyer_id))
    assert lire(prelevement_du(foyer_id)).pas_avant == clock.paris(date(2026, 12, 7), preavis.A_L_AUBE)
    assert compter("SELECT count(*) FROM lettre WHERE texte LIKE '%lundi 7 décembre 2026%'") == 1


def test_a_failure_at_day_fourteen_shows_the_debt_again_and_is_told_kindly(stripe: StripeLocal) -> None:
    """Row 8, by the clock: nobody posts a webhook, the daily reading finds it."""
    foyer_id = foyer_par_sepa(stripe, MAUVAIS, email="samira@exemple.test", canal="email")
    debiter(foyer_id)
    paiement_id = prelevement_du(foyer_id)
    annoncer(paiement_id)
    au_jour(2)
    prelevements.prelever(paiement_id)
    for day in range(3, 16):
        assert au_jour(day) == 1
        prelevements.prelever(paiement_id)
        assert lire(paiement_id).etat == Etat.EN_COURS
    repondre(stripe, paiement_id)
    assert au_jour(16) == 1
    prelevements.prelever(paiement_id)
    prelevements.conclure_intention(lire(paiement_id).stripe_id or "", "webhook en retard")
    paiement = lire(paiement_id)
    assert (paiement.etat, paiement.code_refus, paiement.reprise_le) == (Etat.REFUSE, "insufficient_funds", None)
    with transaction() as session:
        courriels.refus(session, paiement_id)
        compte = queries.compte(session, foyer_id)
        assert (compte.a_payer, compte.en_cours, len(compte.impayes)) == (550, 0, 1)
        assert verifications.verifier(session) == []
    assert faits("PaiementRefuse", paiement_id) == 1
    assert compter("SELECT count(*) FROM mail WHERE text LIKE '%Compte bancaire se terminant par 2607%'") == 1
    assert [au_jour(day) for day in (20, 60)] == [0, 0], "nothing is tried again"


@pytest.mark.parametrize("panne", ["drop_after", "drop_before"])
def test_a_lost_reply_debits_once(stripe: StripeLocal, panne: str) -> None:
    foyer_id = foyer_par_sepa(stripe)
    debiter(foyer_id)
    paiement_id = prelevement_du(foyer_id)
    annoncer(paiement_id)
    au_jour(2)
    stripe.panne(panne, times=2)
    with pytest.raises(Indisponible):
        prelevements.prelever(paiement_id)
    prelevements.prelever(paiement_id)
    assert lire(paiement_id).etat == Etat.EN_COURS
    mine = [
        one for one in stripe.objets("payment_intent") if one["metadata"].get("reference") == str(lire(paiement_id).cle)
    ]
    assert len(mine) == 1


def test_a_mandate_withdrawn_before_its_debit_is_not_used(stripe: StripeLocal) -> None:
    foyer_id = foyer_par_sepa(stripe)
    debiter(foyer_id)
    paiement_id = prelevement_du(foyer_id)
    annoncer(paiement_id)
    with transaction() as session:
        reglements.retirer(session, foyer_id, Mode.SEPA)
    au_jour(2)
    prelevements.prelever(paiement_id)
    assert (lire(paiement_id).etat, lire(paiement_id).stripe_id) == (Etat.REFUSE, None)
    with transaction() as session:
        assert queries.compte(session, foyer_id).mode is Mode.MAISON
        assert verifications.verifier(session) == []


def test_a_month_of_baskets_is_one_announced_debit(stripe: StripeLocal) -> None:
    foyer_id = foyer_par_sepa(stripe)
    with transaction() as session:
        reglements.choisir_rythme(session, foyer_id, Rythme.MOIS)
    debiter(foyer_id, 550, "2026-W48")
    debiter(foyer_id, 700, "2026-W49")
    clock.set_now(clock.paris(date(2026, 12, 5)) + timedelta(hours=1))
    with transaction() as session:
        assert regroupement.regrouper(session, clock.now()) == 1
    paiement_id = prelevement_du(foyer_id)
    assert (lire(paiement_id).montant, faits("PreavisDemande", paiement_id)) == (1250, 1)
    assert lire(paiement_id).mandat_id is not None
    with transaction() as session:
        session.execute(text("UPDATE reglement SET mode = 'sepa'; UPDATE mandat SET retire_le = now()"))
        assert any("mandat en usage" in fault for fault in verifications.verifier(session))
        session.rollback()

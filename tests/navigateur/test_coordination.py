"""The coordination composes and publishes on Friday, then follows a week that goes by itself."""

import pytest

from demo import actes
from tests.navigateur.ecran import BUREAU, NouvelEcran
from tests.navigateur.regard import examiner
from tests.navigateur.temps import Moment, Temps

pytestmark = [pytest.mark.navigateur, pytest.mark.xdist_group("navigateur")]

PAR_PANIER = {"pièces": "1", "grammes": "500"}


def test_the_coordination_composes_weighs_and_publishes(temps: Temps, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("coordination", BUREAU)
    ecran.suivre("Composition")
    quantities = ecran.page.locator("input[data-prix]")
    assert quantities.count() >= 7
    weight = ecran.page.locator("[data-mesure=poids] dd")
    before = weight.inner_text()
    for rank in range(7):
        field = quantities.nth(rank)
        unit = (field.get_attribute("aria-label") or "").rpartition(" en ")[2]
        field.fill(PAR_PANIER[unit])
    shown = weight.inner_text()
    assert shown != before, "the basket is weighed as one types"
    faults = examiner(ecran)
    ecran.appuyer("Calculer")
    assert weight.inner_text() == shown, "the server weighs the same"
    quantities.first.fill("beaucoup")
    with ecran.statut_attendu(422):
        ecran.appuyer("Enregistrer sans publier")
    assert "Une quantité est à corriger" in ecran.texte
    faults += examiner(ecran)
    quantities.first.fill("500")
    ecran.appuyer("Publier ce panier")
    assert "publiée" in ecran.texte
    assert temps.moment() is Moment.PUBLIE
    assert faults + examiner(ecran) == []


def test_the_week_closes_orders_and_charges_by_itself(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.PUBLIE)
    ecran = ouvrir("coordination", BUREAU)
    assert "paniers prévus" in ecran.texte
    temps.aller(Moment.CLOTURE)
    ecran = ouvrir("coordination", BUREAU)
    assert "prix payés par les familles" in ecran.texte
    faults = examiner(ecran)
    temps.aller(Moment.LUNDI)
    ecran.page.reload()
    assert "en attente de réponse" in ecran.texte
    assert "Commande pas encore confirmée" in ecran.texte
    ecran.suivre("Voir les commandes")
    assert ecran.page.get_by_role("link", name="PDF").count() >= 3
    assert faults + examiner(ecran) == []


def test_a_step_done_twice_is_done_once(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.LUNDI)
    ecran = ouvrir("coordination", BUREAU)
    ecran.page.get_by_text("Faire ou refaire une étape").click()
    ecran.appuyer("Clôturer")
    assert "rien n’a été fait deux fois" in ecran.texte
    ecran.page.get_by_text("Faire ou refaire une étape").click()
    ecran.appuyer("Commander")
    assert "rien n’a été envoyé deux fois" in ecran.texte
    actes.attendre(temps.ville, "deliveries", actes.tout_est_livre)

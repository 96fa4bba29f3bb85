"""The coordination composes and publishes on Friday, then follows a week that goes by itself."""

import pytest
from playwright.sync_api import Locator

from demo import actes
from tests.navigateur.ecran import BUREAU, NouvelEcran
from tests.navigateur.regard import examiner
from tests.navigateur.temps import Moment, Temps

pytestmark = pytest.mark.navigateur

PRODUITS = 6
PANIERS_AU_PLUS = 50


def assez(field: Locator) -> int:
    """A quantity for each basket, in the unit of the field, that the offer allows; 0 when it has too little."""
    portion = 1 if field.get_attribute("data-pieces") else 600
    return portion if portion * PANIERS_AU_PLUS <= int(field.get_attribute("data-disponible") or 0) else 0


def test_the_coordination_composes_weighs_and_publishes(temps: Temps, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("coordination", BUREAU)
    ecran.suivre("Composition")
    weight = ecran.page.locator("[data-mesure=poids] dd")
    before = weight.inner_text()
    chosen = [(field, portion) for field in ecran.page.locator("input[data-prix]").all() if (portion := assez(field))]
    chosen = chosen[:: -(-len(chosen) // PRODUITS)]  # from one end of the list to the other: every farm has its order
    for field, portion in chosen:
        field.fill(str(portion))
    shown = weight.inner_text()
    assert shown != before, "the basket is weighed as one types"
    assert "il en faut" not in ecran.page.locator("[data-alertes]").inner_text().replace("il en faut au moins", "")
    faults = examiner(ecran)
    ecran.appuyer("Recalculer")
    assert weight.inner_text() == shown, "the server weighs the same"
    chosen[0][0].fill("beaucoup")
    with ecran.statut_attendu(422):
        ecran.appuyer("Enregistrer sans publier")
    assert "Une quantité est à corriger" in ecran.texte
    faults += examiner(ecran)
    chosen[0][0].fill(str(chosen[0][1]))
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
    assert ecran.page.get_by_role("link", name="Bon de commande").count() >= 2
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

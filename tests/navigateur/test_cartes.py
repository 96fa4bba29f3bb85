"""Saving a card whose bank asks a question, and one that the bank refuses."""

import pytest

from tests.navigateur.ecran import Ecran, NouvelEcran
from tests.navigateur.regard import examiner

pytestmark = pytest.mark.navigateur

DEMANDE_A_ETRE_CONFIRMEE = "4000 0025 0000 3155"
REFUSEE = "4000 0000 0000 0002"
BONNE = "5555 5555 5555 4444"


@pytest.fixture
def chez_stripe(ouvrir: NouvelEcran) -> Ecran:
    """A family that changes its card, on Stripe's page."""
    ecran = ouvrir("habitante")
    ecran.ouvrir("/paiements/mon-compte")
    ecran.appuyer("Changer de carte")
    assert ecran.titre == "Enregistrer une carte"
    return ecran


def donner(ecran: Ecran, numero: str) -> None:
    ecran.remplir("Numéro de la carte", numero)
    ecran.remplir("Expire fin", "12 / 34")
    ecran.remplir("Code (CVC)", "123")
    ecran.appuyer("Enregistrer cette carte")


def test_a_card_whose_bank_asks_is_saved_once_the_family_has_confirmed(chez_stripe: Ecran) -> None:
    donner(chez_stripe, DEMANDE_A_ETRE_CONFIRMEE)
    assert chez_stripe.titre == "Est-ce bien vous ?"
    chez_stripe.appuyer("Authentifier")
    assert chez_stripe.chemin == "/paiements/mon-compte"
    assert "Visa se terminant par 3155" in chez_stripe.texte
    assert examiner(chez_stripe) == []


def test_a_refused_card_is_said_kindly_and_another_one_goes_through(chez_stripe: Ecran) -> None:
    with chez_stripe.statut_attendu(402):
        donner(chez_stripe, REFUSEE)
    assert "La carte a été refusée par la banque. Rien n’a été débité." in chez_stripe.texte
    donner(chez_stripe, BONNE)
    assert chez_stripe.chemin == "/paiements/mon-compte"
    assert "se terminant par 4444" in chez_stripe.texte


def test_who_leaves_stripes_page_has_lost_nothing(chez_stripe: Ecran) -> None:
    chez_stripe.suivre("Revenir sans enregistrer")
    assert chez_stripe.page.url.startswith(chez_stripe.site)
    assert examiner(chez_stripe) == []

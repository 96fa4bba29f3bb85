"""A family subscribes on a telephone, from the first page to the confirmation, then says that it does not come."""

import secrets

import pytest
from playwright.sync_api import Locator

from tests.navigateur.ecran import Ecran, NouvelEcran
from tests.navigateur.regard import examiner

pytestmark = pytest.mark.navigateur

HABITANTE = "habitante"
ECRANS_AU_PLUS = 6
REPONSES_AU_PLUS = 12


class Parcours:
    """Counts what a family goes through: the screens it sees, and the answers it has to give."""

    def __init__(self, ecran: Ecran) -> None:
        self.ecran = ecran
        self.ecrans = 0
        self.reponses = 0
        self.fautes: list[str] = []

    def voir(self, titre: str) -> None:
        """A new screen, which bears that heading; all that is asked of a page is asked of this one."""
        self.ecrans += 1
        assert self.ecran.titre == titre, self.ecran.texte
        if self.ecran.page.url.startswith(self.ecran.site):
            self.fautes += examiner(self.ecran)

    def repondre(self, libelle: str, valeur: str) -> None:
        self.reponses += 1
        self.ecran.page.get_by_label(libelle).fill(valeur)

    def choisir(self, case: Locator) -> None:
        self.reponses += 1
        case.check()

    def lister(self, libelle: str, valeur: str) -> None:
        self.reponses += 1
        self.ecran.page.get_by_label(libelle).select_option(valeur)


def s_abonner(ecran: Ecran, email: str) -> Parcours:
    """From the first page to the confirmation, by card."""
    page, way = ecran.page, Parcours(ecran)
    ecran.ouvrir("/")
    way.voir("Des légumes d’ici, à un prix pour chacun")
    ecran.suivre("Je m’abonne")
    way.voir("Faisons connaissance")
    way.repondre("Prénom", "Noémie")
    page.get_by_label("Nom", exact=True).fill("Žukovska")
    way.reponses += 1
    way.repondre("Adresse e-mail ou téléphone", email)
    way.repondre("Mot de passe", "le chat dort sous la treille")
    way.lister("Maison des habitants", "Le Patio")
    ecran.appuyer("Ouvrir mon compte")
    way.voir("Votre quotient familial")
    way.repondre("Quotient familial", "523")
    way.lister("Mois écrit sur l’attestation", "octobre 2026")
    ecran.appuyer("Continuer")
    way.voir("Votre abonnement")
    assert page.get_by_role("radio", name="Le Patio").is_checked(), "what the family has said already is kept"
    way.choisir(page.get_by_role("radio", name="Par carte"))
    ecran.appuyer("Je m’abonne")
    way.voir("Enregistrer une carte")
    way.repondre("Numéro de la carte", "4242 4242 4242 4242")
    way.repondre("Expire fin", "12 / 34")
    way.repondre("Code (CVC)", "123")
    ecran.appuyer("Enregistrer cette carte")
    way.voir("C’est fait, bienvenue !")
    return way


@pytest.mark.parametrize("javascript", [True, False])
def test_a_family_subscribes_on_a_telephone(ouvrir: NouvelEcran, javascript: bool) -> None:
    ecran = ouvrir(javascript=javascript)
    way = s_abonner(ecran, f"noemie.{secrets.token_hex(3)}@exemple.test")
    assert "Ensuite, votre carte paie" in ecran.texte
    assert "Le Patio" in ecran.texte
    assert way.fautes == []
    assert (way.ecrans <= ECRANS_AU_PLUS, way.reponses <= REPONSES_AU_PLUS) == (True, True), (way.ecrans, way.reponses)


def test_a_family_says_that_it_does_not_come_and_changes_its_mind(ouvrir: NouvelEcran) -> None:
    ecran = ouvrir(HABITANTE)
    faults = examiner(ecran)
    assert "Vous retirez votre panier" in ecran.texte
    ecran.appuyer("Je ne viens pas cette semaine")
    assert "Vous ne venez pas cette semaine" in ecran.texte
    assert "C’est noté : pas de panier pour vous jeudi 26 novembre" in ecran.texte
    faults += examiner(ecran)
    ecran.appuyer("Finalement, je viens")
    assert "C’est noté : votre panier vous attend jeudi 26 novembre" in ecran.texte
    assert ecran.bouton("Je ne viens pas cette semaine").is_visible()
    assert faults == []


def test_the_keyboard_alone_is_enough_for_a_family(ouvrir: NouvelEcran) -> None:
    ecran = ouvrir(HABITANTE)
    ecran.taper_jusqu_a("Je ne viens pas cette semaine")
    ecran.taper_jusqu_a("Finalement, je viens")
    assert ecran.bouton("Je ne viens pas cette semaine").is_visible()


def test_prices_are_told_without_an_account(ouvrir: NouvelEcran) -> None:
    ecran = ouvrir()
    ecran.ouvrir("/")
    ecran.remplir("Votre quotient familial, en euros", "523")
    ecran.appuyer("Voir mon prix")
    assert "Votre prix" in ecran.texte
    assert "pour un quotient familial de 523 €" in ecran.texte
    faults = examiner(ecran)
    ecran.remplir("Quotient familial", "beaucoup")
    with ecran.statut_attendu(422):
        ecran.appuyer("Voir mon prix")
    faults += examiner(ecran)
    assert ecran.page.get_by_label("Quotient familial").get_attribute("aria-invalid") == "true"
    assert faults == []

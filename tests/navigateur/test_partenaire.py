"""A venue confirms a group by its link: a telephone, a keyboard, no JavaScript, no password."""

import pytest

from tests.navigateur.ecran import BUREAU, NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import Temps

pytestmark = pytest.mark.navigateur


def test_a_venue_confirms_by_its_link_with_the_keyboard_alone(temps: Temps, ouvrir: NouvelEcran) -> None:
    desk = ouvrir("coordination", BUREAU)
    desk.ouvrir("/coordination/sorties/lieux")
    faults = examiner(desk)
    waiting = desk.page.locator("tr", has_text="pas encore de réponse").last
    waiting.get_by_role("link").click()
    desk.page.get_by_label("Adresse à copier").wait_for()
    link = desk.page.get_by_label("Adresse à copier").input_value()
    faults += examiner(desk)

    venue = ouvrir(javascript=False)
    venue.ouvrir(link)
    assert "Combien nous sommes" in venue.texte
    capturer(venue, "partenaire")
    faults += examiner(venue)
    venue.atteindre(venue.page.locator("summary", has_text="Écrire à la coordination"))
    venue.page.keyboard.press("Enter")
    venue.page.keyboard.press("Tab")
    venue.page.keyboard.type("Entrée par la cour.")
    venue.taper_jusqu_a("Envoyer le message")
    assert "Votre message est chez la coordination" in venue.texte
    venue.taper_jusqu_a("Je confirme")
    assert "Merci, c’est confirmé" in venue.texte
    assert "Vous avez confirmé" in venue.texte
    faults += examiner(venue)

    desk.page.reload()
    assert "Entrée par la cour." in desk.texte
    assert "Confirmé" in desk.texte
    assert faults + examiner(desk) == []

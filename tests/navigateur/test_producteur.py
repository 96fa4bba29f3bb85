"""A producer opens the link of its mail and answers, without a password."""

import re

import pytest
import requests
from sqlalchemy import text

from kernel.db import reading
from tests.navigateur.ecran import BUREAU, TELEPHONE, NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import CODE, Moment, Temps

pytestmark = pytest.mark.navigateur

LIEN = re.compile(r"http\S+/producteur/commande/\S+")


def liens(temps: Temps) -> list[str]:
    """The links that each producer of this week has received."""
    query = text(
        "SELECT c.numero, p.email FROM commande c JOIN producteur p ON p.id = c.producteur_id "
        "JOIN semaine s ON s.id = c.semaine_id WHERE s.code = :code ORDER BY c.numero"
    )
    with reading() as session:
        orders = session.execute(query, {"code": CODE}).all()
    return [_lien(temps, order.numero, order.email) for order in orders]


def _lien(temps: Temps, numero: str, email: str) -> str:
    asked = {"pour": email, "corps": "1"}
    messages = requests.get(f"{temps.ville.courrier}/messages.json", params=asked, timeout=30).json()
    (mine,) = [message["text"] for message in messages if numero in message["subject"]]
    found = LIEN.search(mine)
    assert found is not None, mine
    return found.group()


def test_a_producer_confirms_with_one_tap_and_another_says_what_is_short(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.LUNDI)
    first, *_, last = liens(temps)
    ecran = ouvrir()
    ecran.ouvrir(first)
    assert "Ce qu’il faut livrer" in ecran.texte
    place = ecran.bouton("Je confirme").bounding_box()
    assert place is not None
    assert place["y"] < 2 * TELEPHONE[1], "the answer is within reach of a thumb"
    capturer(ecran, "lundi-commande")
    faults = examiner(ecran)
    ecran.appuyer("Je confirme")
    assert "Merci, votre commande est confirmée" in ecran.texte
    faults += examiner(ecran)

    ecran.ouvrir(last)
    ecran.page.get_by_text("Il me manque quelque chose").click()
    with ecran.statut_attendu(422):
        ecran.appuyer("Envoyer")
    assert "Dites ce qui manque" in ecran.texte
    faults += examiner(ecran)
    ecran.page.get_by_label("Un mot pour la coordination").fill("Il me manquera 10 kg de carottes.")
    ecran.appuyer("Envoyer")
    assert "La coordination est prévenue" in ecran.texte
    assert "Il me manquera 10 kg de carottes." in ecran.texte
    assert faults + examiner(ecran) == []

    desk = ouvrir("coordination", BUREAU)
    assert "annonce un manque : « Il me manquera 10 kg de carottes. »" in desk.texte
    assert examiner(desk) == []

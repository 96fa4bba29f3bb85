"""Which messages a family wants: by the link of a mail, in one click or by its button, and on its own page."""

import re

import pytest
import requests
from sqlalchemy import text

from kernel.db import reading
from tests.navigateur.ecran import NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import Moment, Temps

pytestmark = pytest.mark.navigateur

PANIER = "Le panier de la semaine"


@pytest.fixture
def lien(temps: Temps) -> str:
    """Where the mail about this week's basket says that one may do without it."""
    temps.aller(Moment.LUNDI)
    with reading() as session:
        email = session.execute(text("SELECT email FROM foyer ORDER BY id LIMIT 1")).scalar_one()
    mails = [dict(mail["headers"]) | {"texte": mail["text"]} for mail in temps.courriels(email)]
    wanted = [mail for mail in mails if "List-Unsubscribe" in mail and "dans un panier cette semaine" in mail["texte"]]
    assert wanted, "the basket was told by mail"
    assert wanted[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = wanted[0]["List-Unsubscribe"].strip("<>")
    assert link in wanted[0]["texte"], "those who read find the same link at the foot of the mail"
    return str(link)


def recoit() -> bool:
    """Whether the first household receives that message."""
    query = "SELECT recoit FROM preference_message WHERE sorte = 'avant_cloture' ORDER BY foyer_id LIMIT 1"
    with reading() as session:
        return bool(session.execute(text(query)).scalar_one_or_none() in (None, True))


def test_a_mail_program_unsubscribes_in_one_click_and_the_family_comes_back(lien: str, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir(javascript=False)
    ecran.ouvrir(lien)
    assert recoit(), "opening the link changes nothing"
    capturer(ecran, "messages-lien")
    faults = examiner(ecran)
    answer = requests.post(lien, data={"List-Unsubscribe": "One-Click"}, timeout=30)
    assert answer.status_code == 200
    assert not recoit()
    ecran.ouvrir(lien)
    ecran.appuyer("Le recevoir à nouveau")
    assert "C’est noté : vous recevez ces messages." in ecran.texte
    assert recoit()
    ecran.appuyer("Ne plus recevoir ce message")
    assert "vous ne recevrez plus ce message" in ecran.texte
    assert not recoit()
    assert faults + examiner(ecran) == []


def test_the_family_reads_and_changes_it_on_its_page_by_keyboard_alone(lien: str, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("habitante")
    ecran.ouvrir("/mon-foyer")
    ecran.suivre("Mes messages")
    card = ecran.page.locator(".carte", has_text=PANIER)
    assert re.search("vous ne le recevez pas", card.inner_text()), "what the link has said stands here too"
    capturer(ecran, "mes-messages")
    faults = examiner(ecran)
    ecran.taper_jusqu_a("Le recevoir à nouveau")
    assert "C’est noté : vous recevez ces messages." in ecran.texte
    assert recoit()
    ecran.suivre("Changer mon adresse")
    assert ecran.chemin == "/mon-foyer/coordonnees"
    assert faults == []

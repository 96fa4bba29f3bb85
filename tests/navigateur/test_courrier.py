"""Families that read no e-mail: their letters printed at the counter, and those to be called, called.

The one without JavaScript on a telephone, the other by keyboard alone at a desk.
"""

import subprocess

import pytest
from sqlalchemy import text

from kernel.db import reading
from tests.navigateur.ecran import BUREAU, NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import Moment, Temps

pytestmark = pytest.mark.navigateur

AU_PATIO = (
    "SELECT l.objet, f.nom, l.liasse_id FROM lettre l JOIN message m ON m.id = l.message_id"
    " JOIN foyer f ON f.id = m.foyer_id JOIN maison h ON h.id = f.maison_id WHERE h.nom = 'Le Patio'"
)
APPELS = "SELECT count(*) FILTER (WHERE fait_le IS NULL), count(*) FILTER (WHERE fait_le IS NOT NULL) FROM appel"


def lire(query: str) -> list[tuple[object, ...]]:
    with reading() as session:
        return [tuple(row) for row in session.execute(text(query))]


def test_the_agent_prints_the_letters_of_her_maison(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.LUNDI)
    waiting = [(subject, name) for subject, name, bundle in lire(AU_PATIO) if bundle is None]
    assert waiting, "a letter waits in every town"
    ecran = ouvrir("agente", javascript=False)
    ecran.ouvrir("/guichet/courrier")
    assert "Lettres à imprimer" in ecran.texte
    capturer(ecran, "courrier-lettres")
    faults = examiner(ecran)
    ecran.appuyer("Mettre en page les lettres de Le Patio")
    assert "Le PDF est prêt dans quelques secondes" in ecran.texte
    temps.tout_livre()
    ecran.ouvrir("/guichet/courrier")
    assert "aucune lettre n’attend" in ecran.texte
    capturer(ecran, "courrier-imprime")
    address = ecran.page.get_by_role("link", name="Ouvrir le PDF").first.get_attribute("href")
    printed = ecran.contexte.request.get(f"{ecran.site}{address}")
    assert printed.headers["content-type"] == "application/pdf"
    words = subprocess.run(
        ["pdftotext", "-", "-"], input=printed.body(), capture_output=True, check=True
    ).stdout.decode()
    assert [name for _, name in waiting if str(name) not in words] == []
    assert words.count("\f") >= len(waiting), "each household has its own sheet"
    assert all(bundle is not None for _, _, bundle in lire(AU_PATIO))
    assert faults + examiner(ecran) == []


def test_a_call_is_noted_done_by_keyboard_alone(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.LUNDI)
    ((left, done),) = lire(APPELS)
    assert isinstance(left, int)
    assert left > 0, "the snow has given somebody to call"
    ecran = ouvrir("coordination", BUREAU)
    ecran.ouvrir("/guichet/courrier")
    capturer(ecran, "courrier-appels")
    faults = examiner(ecran)
    ecran.taper_jusqu_a("Pas de réponse", au_plus=200)
    assert ecran.page.get_by_text("pas de réponse", exact=True).count() == 1
    assert lire(APPELS) == [(left, done)], "who did not answer is called again"
    ecran.taper_jusqu_a("Appelé", au_plus=200)
    assert "C’est noté. Merci." in ecran.texte
    assert lire(APPELS) == [(left - 1, int(str(done)) + 1)]
    assert faults + examiner(ecran) == []

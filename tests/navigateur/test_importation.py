"""The coordination takes over a spreadsheet: a trial to read, a duplicate to decide, an import that a worker does."""

import pytest
from playwright.sync_api import expect

from tests.navigateur.ecran import BUREAU, PATIENCE_MS, TELEPHONE, Ecran, NouvelEcran
from tests.navigateur.regard import examiner
from tests.navigateur.temps import Moment, Temps
from tests.paniers.feuilles import Ligne, en_csv, en_xlsx, feuille, ligne

pytestmark = pytest.mark.navigateur

MAISON = "Le Patio"


def foyers(*numbers: int, **changes: str) -> list[Ligne]:
    """Households without a basket, so that the week of the town stays as the other tests know it."""
    return [*feuille(0), *(ligne(number, MAISON, nombre="", **changes) for number in numbers)]


def deposer(ecran: Ecran, content: bytes, name: str) -> None:
    ecran.ouvrir("/coordination/importations")
    ecran.page.get_by_label("Tableur des foyers").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    ecran.appuyer("Essayer ce fichier")


def attendre(ecran: Ecran, said: str) -> None:
    """Until the worker has passed and the page, which asks again by itself, says so."""
    expect(ecran.page.locator("main")).to_contain_text(said, timeout=PATIENCE_MS)


def test_a_spreadsheet_is_tried_decided_and_imported(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.PUBLIE)
    ecran = ouvrir("coordination", BUREAU)
    rows = [*foyers(7001, 7002), *foyers(7003, nom="Zidaran", telephone="0607001001")[1:]]
    rows.append(ligne(7004, MAISON, nom="Zidarane", prenom=str(rows[-1][1]), telephone="", email="", nombre=""))
    deposer(ecran, en_xlsx(rows), "Familles 2026.xlsx")
    attendre(ecran, "1 doublon probable est à décider")
    faults = examiner(ecran)
    ecran.page.get_by_label("Un autre foyer").check()
    ecran.appuyer("Garder ces réponses")
    attendre(ecran, "Tout est prêt")
    faults += examiner(ecran)
    ecran.appuyer("Importer 4 lignes")
    attendre(ecran, "Tout est importé")
    assert faults + examiner(ecran) == []
    ecran.page.locator("summary", has_text="Plus").click()
    ecran.suivre("Foyers")
    ecran.page.get_by_role("searchbox").fill("Zidaran")
    ecran.appuyer("Chercher")
    assert "Zidarane" in ecran.texte


def test_faults_are_read_on_a_telephone_and_without_javascript(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.PUBLIE)
    ecran = ouvrir("coordination", TELEPHONE, javascript=False)
    with ecran.statut_attendu(422):
        deposer(ecran, b"<html><table></table></html>", "familles.xls")
    assert "page web" in ecran.texte
    deposer(ecran, en_csv(foyers(7010, qf="beaucoup")), "familles.csv")
    for _ in range(60):
        if "à corriger" in ecran.texte:
            break
        ecran.page.wait_for_timeout(500)
        ecran.suivre("Actualiser")
    assert "Écrivez le quotient en chiffres" in ecran.texte
    assert examiner(ecran) == []
    ecran.appuyer("Abandonner et effacer le fichier")
    assert "le fichier est effacé" in ecran.texte

"""The coordination tries a grid and a rhythm, reads what they change, writes the grid and takes it back."""

import pytest

from tests.navigateur.ecran import BUREAU, TELEPHONE, NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import Temps

pytestmark = pytest.mark.navigateur


def test_a_grid_is_tried_written_and_withdrawn(temps: Temps, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("coordination", BUREAU)
    ecran.ouvrir("/coordination/grilles")
    ecran.suivre("Nouvelle grille par tranches")
    ecran.remplir("Nom de la grille", "Grille du printemps")
    ecran.page.get_by_label("À partir du retrait du").select_option(index=4)
    ecran.remplir("Tranche 2, prix", "3")
    with ecran.statut_attendu(422):
        ecran.appuyer("Voir ce que cela change")
    assert "Un panier coûte de 4,00 à 9,00 €." in ecran.texte
    capturer(ecran, "reglages-grille")
    faults = examiner(ecran)
    ecran.remplir("Tranche 2, prix", "6,00")
    ecran.appuyer("Voir ce que cela change")
    assert "Rien n’est encore enregistré" in ecran.texte
    capturer(ecran, "reglages-grille-apercu")
    faults += examiner(ecran)
    ecran.page.get_by_label("Oui, j’ai lu ce que cela change.").check()
    ecran.appuyer("Enregistrer la grille")
    assert "C’est noté : cette grille compte à partir du retrait du" in ecran.texte
    capturer(ecran, "reglages-grilles")
    faults += examiner(ecran)
    ecran.appuyer("Retirer la grille « Grille du printemps »")
    assert "La grille est retirée." in ecran.texte
    assert faults == []


def test_the_pages_of_grids_and_rhythms_fit_a_telephone(temps: Temps, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("coordination", TELEPHONE)
    faults: list[str] = []
    for name, path in (("tranches", "grilles/par-tranches"), ("lineaire", "grilles/lineaire")):
        ecran.ouvrir(f"/coordination/{path}")
        capturer(ecran, f"reglages-telephone-{name}")
        faults += examiner(ecran)
    ecran.ouvrir("/coordination/calendrier/rythme")
    capturer(ecran, "reglages-telephone-rythme")
    ecran.page.get_by_label("À partir de la semaine du").select_option(index=1)
    ecran.appuyer("Voir les semaines")
    assert "Voici les trois premières" in ecran.texte
    capturer(ecran, "reglages-telephone-semaines")
    assert faults + examiner(ecran) == []

"""A family without internet, at Le Patio's counter: all of it without JavaScript, then by keyboard alone.

Then a proof sent from a telephone, read beside what was declared, and gone.
"""

from pathlib import Path

import pytest
from sqlalchemy import text

from kernel.db import reading
from tests.kernel.dessins import photo
from tests.navigateur.ecran import BUREAU, Ecran, NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import Moment, Temps

pytestmark = pytest.mark.navigateur


@pytest.fixture
def vendredi(temps: Temps) -> Temps:
    """The doors have been open: next week can still change."""
    temps.aller(Moment.RETRAIT)
    return temps


def ouvrir_un_foyer(ecran: Ecran, prenom: str) -> None:
    """A household on paper, opened by the agent."""
    ecran.ouvrir("/guichet/foyers/ouvrir")
    ecran.remplir("Prénom", prenom)
    ecran.page.get_by_label("Nom", exact=True).fill("Papier")
    ecran.page.get_by_label("Maison des habitants").select_option("Le Patio")
    ecran.appuyer("Ouvrir le foyer")
    assert f"{prenom} Papier" in ecran.titre


DERNIERE = (
    "SELECT j.verifie_le IS NOT NULL, EXISTS (SELECT FROM piece_qf p WHERE p.justificatif_id = j.id)"
    " FROM justificatif_qf j WHERE j.foyer_id = (SELECT min(id) FROM foyer) ORDER BY j.id DESC LIMIT 1"
)


def pieces() -> int:
    """How many proofs are kept."""
    with reading() as session:
        return int(session.execute(text("SELECT count(*) FROM piece_qf")).scalar_one())


def test_the_whole_counter_without_javascript(vendredi: Temps, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("agente", javascript=False)
    ouvrir_un_foyer(ecran, "Ana")
    assert "Pas d’abonnement en ce moment" in ecran.texte
    capturer(ecran, "guichet-fiche")
    faults = examiner(ecran)
    ecran.suivre("Abonner ce foyer")
    capturer(ecran, "guichet-abonner")
    faults += examiner(ecran)
    ecran.appuyer("Abonner")
    assert "C’est fait : premier panier" in ecran.texte
    capturer(ecran, "guichet-paniers")
    faults += examiner(ecran)
    ecran.appuyer("La famille ne vient pas")
    assert "C’est noté : pas de panier" in ecran.texte
    ecran.appuyer("La famille vient finalement")
    ecran.suivre("Un ou deux paniers")
    ecran.page.get_by_label("Deux paniers").check()
    ecran.appuyer("Enregistrer")
    assert "Deux paniers par semaine" in ecran.texte
    ecran.suivre("Arrêter l’abonnement")
    faults += examiner(ecran)
    ecran.appuyer("Arrêter l’abonnement")
    assert "La famille revient quand elle veut" in ecran.texte
    assert faults == []


def test_the_keyboard_alone_subscribes_a_household(vendredi: Temps, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("agente", BUREAU)
    ouvrir_un_foyer(ecran, "Inès")
    ecran.taper_jusqu_a("Abonner ce foyer")
    ecran.taper_jusqu_a("Abonner")
    assert "C’est fait : premier panier" in ecran.texte
    ecran.taper_jusqu_a("La famille ne vient pas")
    assert "C’est noté : pas de panier" in ecran.texte
    assert examiner(ecran) == []


def test_a_proof_is_sent_from_a_telephone_read_and_gone(
    vendredi: Temps, ouvrir: NouvelEcran, tmp_path_factory: pytest.TempPathFactory
) -> None:
    picture: Path = tmp_path_factory.mktemp("attestation") / "attestation.jpg"
    picture.write_bytes(photo(size=(1200, 1600)))
    before, famille = pieces(), ouvrir("habitante")
    famille.ouvrir("/mon-foyer/quotient")
    famille.page.get_by_label("Quotient familial").first.fill("640")
    famille.page.get_by_label("Mois écrit sur l’attestation").select_option(index=2)
    famille.page.locator("input[type=file]").set_input_files(picture)
    famille.appuyer("Enregistrer")
    assert "votre attestation est bien arrivée" in famille.texte
    capturer(famille, "mon-foyer-attestation")
    faults = examiner(famille)
    agente = ouvrir("coordination", BUREAU)
    agente.ouvrir("/guichet/justificatifs")
    faults += examiner(agente)
    sent = pieces()
    assert sent == before + 1
    # The queue goes from the oldest on: this one came last.
    agente.page.get_by_role("button", name="Lire et vérifier le quotient de").last.click()
    agente.page.wait_for_selector(".piece img")
    assert agente.page.locator(".piece img").evaluate("image => image.naturalWidth") == 1200
    capturer(agente, "justificatif")
    faults += examiner(agente)
    agente.appuyer("C’est vérifié")
    assert "L’attestation est effacée" in agente.texte
    assert pieces() == before
    with reading() as session:
        ours = session.execute(text(DERNIERE)).one()
    assert tuple(ours) == (True, False), "the quotient of the first household is checked, and its proof gone"
    famille.ouvrir("/mon-foyer")
    assert "640" in famille.texte
    assert faults == []

"""Pick-up at Le Patio: a voucher before the camera, a mistake undone, a name misspelt, the list, the keyboard."""

from pathlib import Path

import pytest
from sqlalchemy import text

from kernel.clock import now
from kernel.db import reading, transaction
from kernel.documents import find
from paniers import cartes
from tests.navigateur.camera import filmer, photographier
from tests.navigateur.ecran import BUREAU, Ecran, NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import CODE, Moment, Temps

pytestmark = pytest.mark.navigateur

ATTENDUS = text(
    "SELECT p.id, m.prenom, f.nom FROM panier p JOIN foyer f ON f.id = p.foyer_id "
    "JOIN membre m ON m.foyer_id = f.id AND m.referent JOIN semaine s ON s.id = p.semaine_id "
    "JOIN maison l ON l.id = p.maison_id WHERE s.code = :code AND l.nom = 'Le Patio' AND p.etat = 'a_remettre' "
    "ORDER BY p.numero"
)


@pytest.fixture
def jeudi(temps: Temps) -> Temps:
    """Thursday, half past five: the doors are open."""
    temps.aller(Moment.RETRAIT)
    return temps


def attendus() -> list[tuple[int, str, str]]:
    """Who still comes to Le Patio: basket, first name, name."""
    with reading() as session:
        return [(row.id, row.prenom, row.nom) for row in session.execute(ATTENDUS, {"code": CODE})]


def repondu(ecran: Ecran) -> str:
    """What the answer laid over the list says, once it is there."""
    return str(ecran.page.locator("dialog[open] .reponse").inner_text())


def taper(ecran: Ecran, code: str) -> None:
    """As a hand-held scanner does."""
    ecran.page.keyboard.type(code)
    ecran.page.keyboard.press("Enter")


def bon(panier_id: int) -> bytes:
    with reading() as session:
        document = find(session, f"bon:{panier_id}")
        assert document is not None
        return bytes(document.content)


def test_an_agent_scans_a_printed_voucher_with_the_camera(
    jeudi: Temps, ouvrir: NouvelEcran, fausse_camera: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    panier_id, prenom, _ = attendus()[0]
    filmer(photographier(bon(panier_id), tmp_path_factory.mktemp("bon")), fausse_camera)
    ecran = ouvrir("agente")
    faults = examiner(ecran)
    capturer(ecran, "jeudi-liste")
    ecran.bouton("Scanner un bon").click()
    assert "À remettre" in repondu(ecran)
    assert prenom in repondu(ecran)
    capturer(ecran, "jeudi-a-remettre")
    faults += examiner(ecran)
    with reading() as session:
        state = text("SELECT etat FROM panier WHERE id = :id")
        assert session.execute(state, {"id": panier_id}).scalar_one() == "remis"
    ecran.appuyer("Annuler la remise")
    assert f"C’est défait : le panier de {prenom} attend de nouveau." in ecran.texte
    assert panier_id in [row[0] for row in attendus()]
    assert faults == []


def test_the_next_family_is_one_tap_away_and_the_camera_stays_open(
    jeudi: Temps, ouvrir: NouvelEcran, fausse_camera: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    panier_id, prenom, nom = attendus()[2]
    filmer(photographier(bon(panier_id), tmp_path_factory.mktemp("bon")), fausse_camera)
    ecran = ouvrir("agente")
    waiting = len(attendus())
    ecran.page.evaluate("window.marque = 'la même page'")
    ecran.bouton("Scanner un bon").click()
    assert prenom in repondu(ecran)
    # As if the answer had been read for long.
    ecran.page.evaluate("sessionStorage.setItem('dernier-code', sessionStorage.getItem('dernier-code').slice(1))")
    ecran.page.get_by_role("link", name="Famille suivante").click()
    ecran.page.get_by_text(f"À venir {waiting - 1}").wait_for()
    assert ecran.page.locator(".attendus").get_by_text(nom).count() == 0, "who has come leaves the list"
    assert ecran.page.evaluate("[window.marque, document.querySelector('video').srcObject.active]") == [
        "la même page",
        True,
    ]
    ecran.page.wait_for_timeout(1_000)
    assert ecran.page.locator("dialog[open]").count() == 0, "the voucher that is still there is not answered twice"
    assert examiner(ecran) == []
    ecran.ouvrir(f"/retrait/{panier_id}")
    ecran.appuyer("Annuler la remise")


def scans(panier_id: int) -> int:
    """How often a basket was handed out by its code."""
    query = text("SELECT count(*) FROM retrait WHERE panier_id = :id AND moyen = 'scan'")
    with reading() as session:
        return int(session.execute(query, {"id": panier_id}).scalar_one())


def test_a_network_that_fails_loses_no_page_and_the_same_code_is_taken_again(jeudi: Temps, ouvrir: NouvelEcran) -> None:
    panier_id, prenom, _ = attendus()[-1]
    _, code, _ = carte(panier_id)
    ecran = ouvrir("agente", BUREAU)
    before = scans(panier_id)
    ecran.contexte.set_offline(True)
    taper(ecran, code)
    ecran.page.get_by_text("Le réseau n’a pas répondu").wait_for()
    assert any("/retrait/scan" in fault for fault in ecran.fautes)
    assert all("ERR_INTERNET_DISCONNECTED" in fault for fault in ecran.fautes)
    ecran.fautes.clear()
    capturer(ecran, "jeudi-sans-reseau")
    faults = examiner(ecran)
    ecran.contexte.set_offline(False)
    taper(ecran, code)
    assert prenom in repondu(ecran)
    assert not ecran.page.get_by_text("Le réseau n’a pas répondu").is_visible()
    ecran.page.keyboard.press("Escape")
    ecran.page.locator("dialog[open]").wait_for(state="hidden")
    taper(ecran, code)
    assert prenom in repondu(ecran)
    assert scans(panier_id) == before + 1
    faults += examiner(ecran)
    ecran.ouvrir(f"/retrait/{panier_id}")
    ecran.appuyer("Annuler la remise")
    assert faults == []


def test_who_is_no_longer_signed_in_is_told_so_by_a_whole_page(jeudi: Temps, ouvrir: NouvelEcran) -> None:
    panier_id, _, _ = attendus()[-1]
    _, code, _ = carte(panier_id)
    ecran = ouvrir("agente", BUREAU)
    ecran.contexte.clear_cookies()
    with ecran.statut_attendu(400), ecran.page.expect_navigation():
        taper(ecran, code)
    assert ecran.page.locator("dialog[open]").count() == 0
    assert examiner(ecran) == []
    assert panier_id in [row[0] for row in attendus()]


def test_what_is_no_answer_is_asked_for_as_a_page(jeudi: Temps, ouvrir: NouvelEcran) -> None:
    panier_id, prenom, _ = attendus()[-1]
    _, code, _ = carte(panier_id)
    ecran = ouvrir("agente", BUREAU)
    ecran.page.route("**/retrait/scan", lambda route: route.fulfill(content_type="text/html", body="<p>!</p>"), times=1)
    with ecran.page.expect_navigation():
        taper(ecran, code)
    assert "À remettre" in ecran.titre
    assert prenom in ecran.texte
    ecran.appuyer("Annuler la remise")


def test_a_basket_that_another_has_just_handed_out_is_answered_by_a_sun(jeudi: Temps, ouvrir: NouvelEcran) -> None:
    panier_id, prenom, _ = attendus()[0]
    agent, volunteer = ouvrir("agente"), ouvrir("bénévole")
    for screen in (agent, volunteer):
        screen.ouvrir(f"/retrait/{panier_id}")
    agent.appuyer("Remettre")
    assert "À remettre" in agent.titre
    volunteer.appuyer("Remettre")
    assert "Voyons ensemble" in volunteer.titre
    assert "Déjà remis" in volunteer.texte
    assert examiner(volunteer) == []
    agent.appuyer("Annuler la remise")
    assert prenom in agent.texte


def test_a_misspelt_name_is_found_and_the_keyboard_alone_hands_out(jeudi: Temps, ouvrir: NouvelEcran) -> None:
    _, prenom, nom = max(attendus(), key=lambda row: len(row[2]))
    ecran = ouvrir("agente", BUREAU)
    assert ecran.page.evaluate("document.activeElement.id") == "code", "one types at once, or scans by hand"
    misspelt = nom[0] + nom[2] + nom[1] + nom[3:]
    ecran.page.keyboard.type(misspelt.lower())
    with ecran.page.expect_navigation():
        ecran.page.keyboard.press("Enter")
    assert nom in ecran.texte
    capturer(ecran, "jeudi-recherche")
    faults = examiner(ecran)
    ecran.taper_jusqu_a(f"Remettre le panier de {prenom}")
    assert "À remettre" in ecran.titre
    faults += examiner(ecran)
    ecran.taper_jusqu_a("Famille suivante")
    assert "familles attendues" in ecran.texte
    assert faults == []


def test_what_the_camera_cannot_read_is_answered_kindly(jeudi: Temps, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("agente")
    ecran.remplir("Bon, carte, nom ou numéro", "PC1:FAUX")
    ecran.appuyer("Vérifier")
    assert "Voyons ensemble" in ecran.titre
    capturer(ecran, "jeudi-voyons")
    faults = examiner(ecran)
    ecran.suivre("Famille suivante")
    ecran.remplir("Bon, carte, nom ou numéro", "PC1:" + "A" * 60)
    ecran.bouton("Vérifier").click()
    assert "Voyons ensemble" in repondu(ecran)
    faults += examiner(ecran)
    ecran.page.get_by_role("link", name="Famille suivante").click()
    ecran.remplir("Bon, carte, nom ou numéro", "xyzxyzxyz")
    ecran.appuyer("Vérifier")
    assert "Personne de ce nom" in ecran.texte
    assert faults + examiner(ecran) == []


def carte(panier_id: int) -> tuple[int, str, bytes]:
    """The household's card, made now: whose it is, its text, its printed sheet."""
    with transaction() as session:
        foyer = session.execute(text("SELECT foyer_id FROM panier WHERE id = :id"), {"id": panier_id}).scalar_one()
        made = cartes.faire(session, foyer, par=None, instant=now())
        shown = cartes.Carte(cartes.texte(made.code), "Karim", "Demir")
    return foyer, shown.texte, cartes.rendre(shown)


def test_a_card_before_the_camera_finds_the_basket_and_names_the_neighbour_who_came(
    jeudi: Temps, ouvrir: NouvelEcran, fausse_camera: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    panier_id, prenom, _ = attendus()[1]
    foyer, _, printed = carte(panier_id)
    filmer(photographier(printed, tmp_path_factory.mktemp("carte")), fausse_camera)
    ecran = ouvrir("agente")
    ecran.ouvrir(f"/guichet/foyers/{foyer}/retrait")
    ecran.remplir("Son prénom", "Nour")
    ecran.remplir("Son nom", "Haddad")
    ecran.page.get_by_text("Toutes les semaines, jusqu’à nouvel ordre").click()
    faults = examiner(ecran)
    ecran.appuyer("Donner procuration")
    assert "Nour peut retirer" in ecran.texte
    capturer(ecran, "jeudi-qui-vient")
    ecran.ouvrir("/retrait")
    ecran.bouton("Scanner un bon").click()
    assert "À remettre" in repondu(ecran)
    assert f"à Nour (pour {prenom}" in repondu(ecran)
    capturer(ecran, "jeudi-a-un-proche")
    faults += examiner(ecran)
    ecran.appuyer("Annuler la remise")
    assert faults == []


def test_a_hand_held_scanner_is_heard_wherever_the_focus_is(jeudi: Temps, ouvrir: NouvelEcran) -> None:
    panier_id, prenom, _ = attendus()[-1]
    _, code, _ = carte(panier_id)
    ecran = ouvrir("agente", BUREAU)
    ecran.ouvrir(f"/retrait/{attendus()[0][0]}")
    for where in ("document.body.focus()", "document.querySelector('main button').focus()"):
        ecran.page.evaluate(f"document.activeElement.blur(); {where}")
        with ecran.page.expect_navigation(wait_until="load"):
            ecran.page.keyboard.type(code)
            ecran.page.keyboard.press("Enter")
        assert "À remettre" in ecran.titre
        assert prenom in ecran.texte
    ecran.appuyer("Annuler la remise")


def test_the_sound_is_muted_and_stays_so(jeudi: Temps, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("agente")
    ecran.bouton("Couper le son").click()
    ecran.ouvrir("/retrait")
    ecran.bouton("Remettre le son").click()
    ecran.ouvrir("/retrait")
    assert ecran.bouton("Couper le son").is_visible()


def test_without_javascript_a_code_is_typed_and_what_is_missing_is_noted(jeudi: Temps, ouvrir: NouvelEcran) -> None:
    panier_id, prenom, _ = attendus()[-1]
    _, code, _ = carte(panier_id)
    ecran = ouvrir("agente", javascript=False)
    ecran.suivre("Il manque quelque chose")
    ecran.page.locator("input[name^=manque-]").first.fill("2")
    capturer(ecran, "jeudi-ce-qui-manque")
    ecran.appuyer("Noter ce qui manque")
    assert "dans 2 paniers" in ecran.texte
    ecran.remplir("Bon, carte, nom ou numéro", code)
    ecran.appuyer("Vérifier")
    assert "À remettre" in ecran.titre
    assert prenom in ecran.texte
    assert "manque dans 2 paniers" in ecran.texte
    ecran.appuyer("Annuler la remise")
    assert panier_id in [row[0] for row in attendus()]


def test_a_volunteer_reads_no_amount_and_no_surname_anywhere(jeudi: Temps, ouvrir: NouvelEcran) -> None:
    ecran = ouvrir("bénévole")
    panier_id, prenom, nom = attendus()[-1]
    seen = []
    for path in ("/retrait", "/retrait?etat=tous", "/retrait/maisons", f"/retrait/{panier_id}"):
        ecran.ouvrir(path)
        seen.append(ecran.page.content())
    ecran.appuyer("Remettre")
    assert prenom in ecran.texte
    seen.append(ecran.page.content())
    ecran.appuyer("Annuler la remise")
    for page in seen:
        assert "€" not in page
        assert "payer" not in page
        assert nom not in page
    for path in ("/retrait/clore", "/retrait/feuille", "/guichet/foyers", "/coordination"):
        ecran.ouvrir(path, statut=403)

"""A producer opens the link of its mail and answers, without a password."""

import re

import pytest
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
    (mine,) = [message["text"] for message in temps.courriels(email) if numero in message["subject"]]
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


def test_a_short_line_is_replaced_and_orders_sheets_and_families_follow_once(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.LUNDI)
    _first, link, *_ = liens(temps)
    sheets = fiches()
    ecran = ouvrir()
    ecran.ouvrir(link)
    ecran.page.get_by_text("Il me manque quelque chose").click()
    all_of_it = ecran.page.locator(".manques input").count() == 1
    ecran.page.locator(".manques input").first.fill("0")
    ecran.appuyer("Envoyer")
    assert "La coordination est prévenue" in ecran.texte

    desk = ouvrir("coordination", BUREAU)
    desk.suivre("Choisir quoi faire")
    assert "Que fait-on ?" in desk.texte
    desk.appuyer("Voir ce que cela change")
    assert "Voici ce qui se passera" in desk.texte
    faults = examiner(desk)
    assert corrigees() == [], "looking changes nothing"
    desk.appuyer("Corriger et prévenir")
    assert "Le panier est corrigé" in desk.texte
    temps.tout_livre()

    assert corrigees()
    for numero, email in corrigees():
        (mail,) = [m for m in temps.courriels(email) if numero in m["subject"] and "remplace" in m["text"]]
        assert sorted(file["type"] for file in mail["attachments"]) == ["application/pdf", "text/csv"]
    assert sheets.keys() == fiches().keys()
    assert not set(sheets.values()) & set(fiches().values()), "each maison's sheet was made again"
    assert lues() == concernees(), "each family that reads mails was told, once"
    ecran.ouvrir(link)
    assert "Cette commande a changé" in ecran.texte
    assert ("Vous n’avez plus rien à livrer" in ecran.texte) == all_of_it
    assert ("annule et remplace la précédente" in ecran.texte) != all_of_it
    capturer(ecran, "lundi-commande-corrigee")
    assert ("Il me manque quelque chose" in ecran.texte) != all_of_it
    ecran.appuyer("C’est entendu" if all_of_it else "Je confirme")
    assert "Merci, votre commande est confirmée" in ecran.texte
    assert faults + examiner(desk) + examiner(ecran) == []


def test_a_lack_told_by_telephone_is_noted_in_words_without_javascript(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.LUNDI)
    ecran = ouvrir("coordination", javascript=False)
    ecran.ouvrir(f"/coordination/penuries?semaine={CODE}")
    ecran.page.locator("a[href$='/manque']").last.click()
    capturer(ecran, "lundi-manque")
    with ecran.statut_attendu(422):
        ecran.page.locator(".manques input").first.fill("beaucoup")
        ecran.appuyer("Noter ce manque")
        assert "Écrivez un nombre, en chiffres" in ecran.texte
        assert ecran.page.locator(".manques input").first.input_value() == "beaucoup"
        ecran.page.locator(".manques input").first.fill("")
        ecran.page.get_by_label("Un mot pour la coordination").fill("")
        ecran.appuyer("Noter ce manque")
    assert "Dites ce qui manque" in ecran.texte
    capturer(ecran, "lundi-manque-vide")
    ecran.page.get_by_label("Un mot pour la coordination").fill("Le camion sera en retard.")
    ecran.appuyer("Noter ce manque")
    assert "C’est noté. Ce mot se lit sur la commande." in ecran.texte
    assert "Le camion sera en retard." in ecran.texte
    capturer(ecran, "lundi-manque-note")
    assert examiner(ecran) == []


def corrigees() -> list[tuple[str, str]]:
    """Number of each order that has a second version, and where it was sent."""
    query = text(
        "SELECT c.numero, p.email FROM commande c JOIN producteur p ON p.id = c.producteur_id "
        "JOIN semaine s ON s.id = c.semaine_id WHERE s.code = :code AND c.version = 2 ORDER BY c.numero"
    )
    with reading() as session:
        return [(row.numero, row.email) for row in session.execute(query, {"code": CODE})]


def fiches() -> dict[str, str]:
    """The papers of each maison for this week, by their key, and a digest of them."""
    query = text(
        "SELECT d.key, md5(d.content) AS digest FROM document d JOIN semaine s ON d.key LIKE 'dossier:' || s.id || ':%'"
        " WHERE s.code = :code"
    )
    with reading() as session:
        return {row.key: row.digest for row in session.execute(query, {"code": CODE})}


def lues() -> list[int]:
    """The household of each mail that has told of the corrected basket."""
    query = text(
        "SELECT m.foyer_id FROM message m JOIN mail ON mail.key = m.cle"
        " WHERE m.modele = 'paniers/panier_corrige' AND mail.sent_at IS NOT NULL"
        " AND m.ecrit_le > (SELECT cloture_le FROM semaine WHERE code = :code) ORDER BY 1"
    )
    with reading() as session:
        return list(session.scalars(query, {"code": CODE}))


def concernees() -> list[int]:
    """The households of this week's baskets that read mails, each once."""
    query = text(
        "SELECT DISTINCT p.foyer_id FROM panier p JOIN semaine s ON s.id = p.semaine_id JOIN foyer f"
        " ON f.id = p.foyer_id WHERE s.code = :code AND p.etat <> 'annule' AND f.canal = 'email' ORDER BY 1"
    )
    with reading() as session:
        return list(session.scalars(query, {"code": CODE}))

"""Letters and calls: printed once and again at will, ticked with by whom and when, at the household's own maison."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import event, select, text

from foyers import impressions, verifications
from foyers.courrier import demander_la_liste_d_appels, demander_les_lettres, noter_appel
from foyers.messages import dire
from foyers.models import Foyer
from foyers.models_messages import Appel, AppelEssai, Lettre, Liasse, ResultatAppel
from foyers.queries_courrier import appels, lieux_du_courrier
from kernel import documents
from kernel.clock import now
from kernel.db import get_engine, reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.formats import telephone
from kernel.templating import environment
from kernel.web.access import Role
from tests import fabriques
from tests.foyers.visite import connecte
from tests.kernel.test_pdf import run_on
from tests.paniers.bourg import compter

CONTEXTE: dict[str, Any] = {
    "montant": 550,
    "libelle": "Panier du jeudi 26 novembre",
    "famille": "provision",
    "carte": None,
    "reprise": None,
    "lien": "http://127.0.0.1:8000/payer/abc",
}


@pytest.fixture
def maison(base: str) -> int:
    with transaction() as session:
        return fabriques.maison(session, nom="Capuche").id


def lettre(maison_id: int, prenom: str = "Samira", **given: Any) -> int:
    """A household on paper is written to; returns it."""
    with transaction() as session:
        household = fabriques.foyer(session, maison_id=maison_id, canal="papier", email=None, prenom=prenom)
        cle = f"essai:{household.id}"
        dire(session, household.id, cle=cle, modele="paiements/refus", contexte=CONTEXTE, **given)
        return household.id


def appel(maison_id: int, **given: Any) -> int:
    """A household reached by telephone has something urgent to hear; returns the call."""
    with transaction() as session:
        household = fabriques.foyer(session, maison_id=maison_id, canal="sms", email=None, telephone="+33612345678")
        cle = f"essai:{household.id}"
        dire(session, household.id, cle=cle, modele="foyers/essai_urgent", contexte={}, urgent=True, **given)
        return session.scalars(select(Appel.message_id).order_by(Appel.message_id.desc())).first() or 0


@pytest.fixture(autouse=True)
def modele_urgent(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of something urgent, as other trades bring theirs."""
    words = {
        "subject.txt": "Votre retrait change",
        "txt": "Bonjour {{ prenom }}",
        "html": "<p>Bonjour {{ prenom }}</p>",
        "lettre.txt": "Bonjour {{ prenom }},\n\nVotre retrait change.",
        "appel.txt": "Bonjour {{ prenom }}, votre retrait a lieu vendredi.",
    }
    templates = environment()
    assert templates.loader is not None
    brought = DictLoader({f"courriels/foyers/essai_urgent.{kind}": said for kind, said in words.items()})
    monkeypatch.setattr(templates, "loader", ChoiceLoader([templates.loader, brought]))


def imprimer(maison_id: int) -> int:
    with transaction() as session:
        return demander_les_lettres(session, maison_id, instant=now(), par=None).id


def test_letters_that_wait_are_printed_together_and_never_wait_again(maison: int) -> None:
    lettre(maison, "Samira")
    lettre(maison, "Louise")
    bundle = imprimer(maison)
    assert compter("SELECT count(*) FROM lettre WHERE liasse_id IS NOT NULL") == 2
    with pytest.raises(Refus, match="Aucune lettre"):
        imprimer(maison)
    impressions.preparer(bundle)
    impressions.preparer(bundle)
    with reading() as session:
        made = documents.find(session, f"liasse:{bundle}")
        assert made is not None
        assert made.content.startswith(b"%PDF")
        assert pages(made.content) == 2


def test_two_agents_at_once_print_no_letter_twice(maison: int) -> None:
    for number in range(6):
        lettre(maison, f"Personne {number}")
    gate, refused = threading.Barrier(2), []

    def ask() -> None:
        gate.wait(30)
        try:
            imprimer(maison)
        except Refus as refus:
            refused.append(refus)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(refused) == 1
    with reading() as session:
        assert len(set(session.scalars(select(Lettre.liasse_id)))) == 1


def test_letters_and_calls_of_no_more_use_are_left_alone(maison: int) -> None:
    yesterday = now().date() - timedelta(days=2)
    lettre(maison, utile_jusqu_au=yesterday)
    appel(maison, utile_jusqu_au=yesterday)
    with reading() as session:
        (place,) = lieux_du_courrier(session, {maison}, now())
        assert (place.lettres, place.appels) == (0, 0)
    with pytest.raises(Refus):
        imprimer(maison)
    with transaction() as session, pytest.raises(Refus):
        demander_la_liste_d_appels(session, maison, instant=now(), par=None)


def test_a_letter_follows_the_household_to_its_new_maison(maison: int) -> None:
    household = lettre(maison)
    with transaction() as session:
        elsewhere = fabriques.maison(session).id
        session.get_one(Foyer, household).maison_id = elsewhere
    with pytest.raises(Refus):
        imprimer(maison)
    assert imprimer(elsewhere)


def test_a_call_is_ticked_with_by_whom_and_when_and_a_slip_is_mended(maison: int) -> None:
    call = appel(maison)
    with transaction() as session:
        agent = fabriques.compte(session, Role.AGENT, maisons=(maison,), nom="Aïcha Agente").id
        noter_appel(session, call, ResultatAppel.PAS_DE_REPONSE, instant=now(), par=agent)
    with reading() as session:
        (left,) = appels(session, {maison}, now())
        assert (left.essais, left.dernier) == (1, "pas_de_reponse")
        assert left.dernier_par == "Aïcha Agente"
    for said, remain in ((ResultatAppel.APPELE, 0), (ResultatAppel.A_RAPPELER, 1), (ResultatAppel.APPELE, 0)):
        with transaction() as session:
            noter_appel(session, call, said, instant=now(), par=agent)
        with reading() as session:
            assert len(appels(session, {maison}, now())) == remain
    with transaction() as session, pytest.raises(Introuvable):
        noter_appel(session, 999_999, ResultatAppel.APPELE, instant=now(), par=agent)
    with reading() as session:
        assert len(list(session.scalars(select(AppelEssai)))) == 4
        assert verifications.verifier(session) == []


def test_the_list_of_calls_is_printed_with_what_to_say(maison: int) -> None:
    appel(maison)
    with transaction() as session:
        bundle = demander_la_liste_d_appels(session, maison, instant=now(), par=None).id
    impressions.preparer(bundle)
    with reading() as session:
        made = documents.find(session, f"liasse:{bundle}")
    assert made is not None
    assert pages(made.content) == 1


def test_any_number_of_calls_is_read_by_the_same_statements(maison: int) -> None:
    for _ in range(5):
        appel(maison)
    asked: list[str] = []
    event.listen(get_engine(), "before_cursor_execute", lambda *given: asked.append(given[2]))
    with reading() as session:
        assert len(appels(session, None, now())) == 5
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("DELETE FROM lettre", "par aucune voie"),
        ("UPDATE message SET voie = 'aucune'", "par aucune voie"),
        ("UPDATE message SET voie = 'courriel'", "par aucune voie"),
        ("UPDATE appel SET fait_le = now()", "dernier essai"),
        ("UPDATE lettre SET liasse_id = (SELECT id FROM liasse WHERE nature = 'appels')", "liste d’appels"),
    ],
)
def test_what_was_tampered_with_is_found(maison: int, harm: str, told: str) -> None:
    lettre(maison)
    appel(maison)
    with transaction() as session:
        session.add(Liasse(maison_id=maison, nature="appels", demandee_le=now()))
    with reading() as session:
        assert verifications.verifier(session) == []
    with transaction() as session:
        session.execute(text(harm))
    with reading() as session:
        assert any(told in fault for fault in verifications.verifier(session))


def test_the_page_prints_and_ticks_and_another_maisons_is_not_there(app: Flask, maison: int) -> None:
    lettre(maison)
    call = appel(maison)
    with transaction() as session:
        elsewhere = fabriques.maison(session).id
        agent = fabriques.compte(session, Role.AGENT, maisons=(maison,))
    lettre(elsewhere, "Inconnue")
    client = connecte(app, agent).client
    page = client.get("/guichet/courrier").text
    assert "Une lettre attend." in page
    assert telephone("+33612345678") in page
    assert "votre retrait a lieu vendredi" in page
    token = jeton(page)
    assert client.post(f"/guichet/courrier/maisons/{maison}/lettres", data={"csrf_token": token}).status_code == 302
    assert client.post(f"/guichet/courrier/maisons/{elsewhere}/lettres", data={"csrf_token": token}).status_code == 404
    wrong = client.post(f"/guichet/courrier/appels/{call}", data={"csrf_token": token, "resultat": "n’importe quoi"})
    assert wrong.status_code in (302, 409, 422)
    assert compter("SELECT count(*) FROM appel_essai") == 0
    client.post(f"/guichet/courrier/appels/{call}", data={"csrf_token": token, "resultat": "appele"})
    page = client.get("/guichet/courrier").text
    assert "Aucun appel à passer" in page
    assert "se prépare" in page
    with reading() as session:
        bundle = session.scalars(select(Liasse.id)).one()
    impressions.preparer(bundle)
    assert client.get(f"/guichet/courrier/liasses/{bundle}.pdf").data.startswith(b"%PDF")


def pages(content: bytes) -> int:
    """How many pages a PDF has."""
    found = re.search(r"Pages:\s+(\d+)", run_on(content, "pdfinfo", "-"))
    assert found
    return int(found[1])


def jeton(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]

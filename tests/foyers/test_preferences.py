"""Which messages a household wants: its page, and the link that works without a password."""

from datetime import timedelta

import pytest
from flask import Flask

from foyers.models import Compte
from foyers.models_messages import Sorte
from foyers.preferences import LIEN, lien_des_messages, preferences
from kernel import clock
from kernel.clock import now
from kernel.db import reading, transaction
from tests import fabriques
from tests.foyers.visite import connecte
from tests.paniers.bourg import compter


@pytest.fixture
def compte(base: str) -> Compte:
    with transaction() as session:
        return fabriques.compte(session)


def chemin(compte: Compte, sorte: Sorte = Sorte.RETRAIT) -> str:
    return lien_des_messages(compte.foyer_id or 0, sorte).removeprefix("http://127.0.0.1:8000")


def recues(compte: Compte) -> dict[Sorte, bool]:
    with reading() as session:
        return preferences(session, compte.foyer_id or 0)


def test_opening_the_link_changes_nothing_and_its_button_does(app: Flask, compte: Compte) -> None:
    client = app.test_client()
    page = client.get(chemin(compte))
    assert "Ne plus recevoir ce message" in page.text
    assert compter("SELECT count(*) FROM preference_message") == 0
    done = client.post(chemin(compte), data={"recoit": "non"})
    assert "vous ne recevrez plus ce message" in done.text
    assert recues(compte) == {Sorte.AVANT_CLOTURE: True, Sorte.RETRAIT: False}
    client.post(chemin(compte), data={"recoit": "oui"})
    assert recues(compte)[Sorte.RETRAIT]


def test_a_mail_program_does_it_in_one_click_without_cookie_or_token(app: Flask, compte: Compte) -> None:
    answer = app.test_client().post(chemin(compte), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert not recues(compte)[Sorte.RETRAIT]
    assert app.test_client().post(chemin(compte), data={"List-Unsubscribe": "One-Click"}).status_code == 200


def test_a_link_that_is_forged_too_old_or_of_a_household_that_is_gone_opens_nothing(app: Flask, compte: Compte) -> None:
    client = app.test_client()
    good = chemin(compte)
    # Not the last letter: two of its bits say nothing.
    forged = good[:-5] + ("A" if good[-5] != "A" else "B") + good[-4:]
    assert client.post(forged).status_code == 404
    assert client.get(f"/messages/{LIEN.sign([999_999, 'retrait'])}").status_code == 404
    clock.set_now(now() + timedelta(days=401))
    assert client.post(good).status_code == 410
    assert compter("SELECT count(*) FROM preference_message") == 0


def test_the_page_has_a_switch_for_each_kind_and_none_for_notices(app: Flask, compte: Compte) -> None:
    visit = connecte(app, compte)
    assert visit.lire("/mon-foyer/messages").text.count('aria-label="Ne plus le recevoir') == 2
    visit.poster("/mon-foyer/messages", sorte="avant_cloture", recoit="non")
    assert recues(compte) == {Sorte.AVANT_CLOTURE: False, Sorte.RETRAIT: True}
    assert "Le recevoir à nouveau" in visit.lire("/mon-foyer/messages").text
    visit.poster("/mon-foyer/messages", sorte="service", recoit="non")
    visit.poster("/mon-foyer/messages", sorte="x\0", recoit="non")
    assert compter("SELECT count(*) FROM preference_message") == 1


def test_a_household_on_paper_is_told_how_it_is_written_to(app: Flask, compte: Compte) -> None:
    with transaction() as session:
        household = fabriques.foyer(session, canal="papier", email=None)
        mine = fabriques.compte(session, foyer_id=household.id)
    assert "nos lettres" in connecte(app, mine).lire("/mon-foyer/messages").text

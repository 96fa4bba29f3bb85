"""A family's pages of its subscription: pause, another maison, leaving, coming back."""

from typing import Any

from flask import Flask
from sqlalchemy import text

from kernel.db import reading
from kernel.web.access import Role
from paniers.versions import en_cours
from tests.foyers.visite import Visite, connecte, connecte_en
from tests.paniers.familles import HOSTILES, cloture
from tests.paniers.monde_public import (
    JEUDI,
    SUIVANT,
    choix,
    compter,
    mots,
    ville,
)


def test_a_pause_has_dates_is_shown_in_words_and_lifted(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.samira)
    visit.poster("/mon-abonnement/pause", du="2026-12-01", au="08/12/2026")
    page = mots(visit.lire("/mon-abonnement"))
    assert "Du mardi 1er décembre au mardi 8 décembre 2026" in page
    assert ">en pause<" in mots(visit.lire("/ma-semaine"))
    with reading() as session:
        pause = session.execute(text("SELECT id FROM pause")).scalar_one()
    for _again in range(2):
        visit.poster(f"/mon-abonnement/pauses/{pause}/lever", "/mon-abonnement")
    assert ">en pause<" not in mots(visit.lire("/ma-semaine"))


def test_a_pause_that_cannot_be_is_refused_with_its_reason(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.samira)
    wrong: list[tuple[Any, Any, str]] = [
        ("", "", "Choisissez le premier jour"),
        ("abc", "2026-12-08", "Choisissez un jour"),
        ("31/02/2026", "2026-12-08", "Choisissez un jour"),
        ("2026-12-08\x00", "2026-12-08", "Choisissez un jour"),
        ("9" * 500, "2026-12-08", "Choisissez un jour"),
        ("2026-12-08", "2026-12-01", "La fin de la pause vient avant"),
        ("2026-12-01", "9999-12-31", "douze semaines au plus"),
        ("0001-01-01", "2026-12-31", "douze semaines au plus"),
        ("2026-12-04", "2026-12-05", "Aucun panier n’est prévu"),
        ("2029-01-01", "2029-01-31", "Votre abonnement s’arrête"),
        ("2026-11-02", "2026-11-20", "déjà close"),
        (["2026-12-01", "x"], "2026-11-30", "La fin de la pause vient avant"),
    ]
    for first, last, sentence in wrong:
        answer = visit.poster("/mon-abonnement/pause", du=first, au=last)
        assert answer.status_code == 422, (first, last)
        assert sentence in mots(answer), (first, last)
    assert compter("pause") == 0


def test_changing_maison_takes_effect_and_refuses_what_is_full(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.samira)
    for value in HOSTILES:
        assert visit.poster("/mon-abonnement/maison", maison=value).status_code == 422, value
    visit.poster("/mon-abonnement/maison", maison=town.ailleurs)
    assert "Abbaye" in visit.lire("/mon-abonnement").text
    with reading() as session:
        version = en_cours(session, town.foyer_id, JEUDI)
        assert version is not None
        assert version.maison_id == town.ailleurs


def test_leaving_asks_first_then_says_the_last_basket_and_twice_is_harmless(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.samira)
    assert "Une semaine déjà en préparation" in visit.lire("/mon-abonnement/quitter").text
    with reading() as session:
        assert en_cours(session, town.foyer_id, JEUDI) is not None  # the page itself changes nothing
    token = visit.jeton("/mon-abonnement/quitter")
    for _again in range(2):
        answer = visit.client.post(
            "/mon-abonnement/quitter", data={"csrf_token": token, "dernier": "maintenant"}, follow_redirects=True
        )
        assert answer.status_code == 200
    with reading() as session:
        assert en_cours(session, town.foyer_id, JEUDI) is None
    assert "Pas d’abonnement en ce moment" in visit.lire("/mon-abonnement").text


def test_who_left_may_subscribe_again_though_a_closed_week_is_still_to_fetch(app: Flask) -> None:
    town = ville()
    cloture(town)
    visit = connecte(app, town.samira)
    visit.poster("/mon-abonnement/quitter", dernier="maintenant")
    page = mots(visit.lire("/mon-abonnement"))
    assert "Cet abonnement se termine" in page
    assert 'class="qr"' in visit.lire("/ma-semaine").text
    answer = visit.poster("/s-abonner", maison=town.ailleurs, nombre=1, paiement="maison")
    assert answer.location == "/s-abonner/confirmation"
    page = mots(visit.lire("/ma-semaine"))
    assert 'class="qr"' in page
    assert "Jeudi 3 décembre" in page


def test_pages_of_families_are_closed_to_others(app: Flask) -> None:
    ville()
    stranger, producer = Visite(app), connecte_en(app, Role.PRODUCTEUR)
    for page in ("/ma-semaine", "/mon-abonnement", "/mon-abonnement/pause", "/s-abonner/paiement", "/bon/1.pdf"):
        assert "/connexion" in stranger.lire(page).location
        assert producer.lire(page).status_code == 403


def test_the_next_week_too_can_be_given_up(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.samira)
    visit.poster(f"/ma-semaine/{SUIVANT}/je-ne-viens-pas", "/ma-semaine")
    assert choix(town.abonnement_id) == [(town.semaines[1], "pas_cette_semaine")]
    assert "vous ne venez pas" in visit.lire("/ma-semaine").text

"""Pages about places: the list joined and left, an offer answered, one basket or two, a term renewed, a last week."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from kernel import clock
from kernel.db import reading, transaction
from kernel.web.access import Role
from paniers.liens import jeton_de_place, jeton_de_renouvellement
from paniers.versions import en_cours
from tests import fabriques
from tests.foyers.visite import Visite, connecte, connecte_en
from tests.paniers.monde_public import JEUDI, SAMEDI, Ville, compter, mots, ville

HOSTILES = ["", "0", "-1", "x" * 300, "\x00", "9" * 30, "½"]


@pytest.fixture
def pleine(app: Flask) -> Ville:
    """Samira has the one place of Capuche; Amadou has none anywhere."""
    return ville(places=1)


def etat(foyer_id: int) -> str | None:
    with reading() as session:
        asked = text("SELECT etat FROM attente WHERE foyer_id = :f ORDER BY id DESC LIMIT 1")
        return session.execute(asked, {"f": foyer_id}).scalar()


def offrir(town: Ville) -> int:
    """Amadou waits; Samira leaves; the place is his for two days."""
    with transaction() as session:
        return fabriques.attente(
            session, town.autre_foyer, town.ici, depuis=SAMEDI - timedelta(days=3), offerte_le=SAMEDI
        ).id


def test_a_family_joins_the_list_of_a_full_maison_sees_its_rank_and_leaves(app: Flask, pleine: Ville) -> None:
    visit = connecte(app, pleine.amadou)
    assert "Attendre une place" in visit.lire("/s-abonner").text
    assert "Capuche" in visit.lire("/ma-place").text
    for value in HOSTILES:
        assert visit.poster("/ma-place", maison=value, nombre=1).status_code == 422, value
        assert visit.poster("/ma-place", maison=pleine.ici, nombre=value).status_code == 422, value
        assert visit.lire(f"/ma-place?maison={value}").status_code == 200
    assert visit.poster("/ma-place", maison=pleine.ici, nombre=1).location == "/ma-place"
    assert "première famille de la liste" in mots(visit.lire("/ma-place"))
    assert "première famille de la liste" in mots(visit.lire("/mon-abonnement"))
    for _twice in range(2):
        assert visit.client.post("/ma-place/quitter", data={"csrf_token": visit.jeton("/ma-place")}).status_code == 302
    assert etat(pleine.autre_foyer) == "retiree"


def test_where_there_is_room_nobody_waits(app: Flask) -> None:
    visit = connecte(app, ville().amadou)
    assert "Il reste de la place partout" in visit.lire("/ma-place").text


@pytest.mark.parametrize("answer", ["accepter", "quitter"])
def test_an_offer_is_answered_on_the_page(app: Flask, pleine: Ville, answer: str) -> None:
    offrir(pleine)
    visit = connecte(app, pleine.amadou)
    page = mots(visit.lire("/ma-place"))
    assert "Gardée pour vous jusqu’au lundi 23 novembre à 10 h" in page
    assert "Si vous répondez après le dimanche 22 novembre à 23 h 59" in page
    token = visit.jeton("/ma-place")
    visit.client.post(f"/ma-place/{answer}", data={"csrf_token": token})
    again = visit.client.post(f"/ma-place/{answer}", data={"csrf_token": token}, follow_redirects=True)
    assert again.status_code == 200
    with reading() as session:
        version = en_cours(session, pleine.autre_foyer, JEUDI)
    assert (version.maison_id if version else None) == (pleine.ici if answer == "accepter" else None)
    assert etat(pleine.autre_foyer) == ("acceptee" if answer == "accepter" else "declinee")


def test_the_page_of_the_week_says_that_a_place_waits_until_its_time_is_over(app: Flask, pleine: Ville) -> None:
    visit = connecte(app, pleine.amadou)
    assert "vous attend" not in mots(visit.lire("/ma-semaine"))
    offrir(pleine)
    page = visit.lire("/ma-semaine")
    assert "Une place vous attend à Capuche" in mots(page)
    assert 'href="/ma-place"' in page.text
    clock.set_now(SAMEDI + timedelta(days=2, minutes=1))
    assert "vous attend" not in mots(visit.lire("/ma-semaine"))


def test_the_page_of_the_week_says_that_a_term_ends_until_its_family_has_said(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.samira)
    assert "dernier panier" not in mots(visit.lire("/ma-semaine"))
    with transaction() as session:
        version = en_cours(session, town.foyer_id, JEUDI)
        assert version is not None
        version.fin = JEUDI + timedelta(weeks=2)
    page = visit.lire("/ma-semaine")
    assert "Votre dernier panier est celui du jeudi 10 décembre" in mots(page)
    assert "/mon-abonnement/renouveler" in page.text
    with transaction() as session:
        version = en_cours(session, town.foyer_id, JEUDI)
        assert version is not None
        version.quitte = True
    assert "dernier panier" not in mots(visit.lire("/ma-semaine"))


@pytest.mark.parametrize(("answer", "said"), [("accepter", "La place est à vous"), ("laisser", "C’est noté, merci")])
def test_the_link_of_the_mail_answers_without_a_password(app: Flask, pleine: Ville, answer: str, said: str) -> None:
    path = f"/place/{jeton_de_place(offrir(pleine))}"
    visit = Visite(app)
    assert "Une place vous attend" in visit.lire(path).text
    assert etat(pleine.autre_foyer) == "offerte"
    assert visit.poster(path, reponse="\x00").status_code == 400
    assert visit.poster(path, reponse=answer).location == path
    assert said in mots(visit.lire(path))


def test_a_link_that_comes_too_late_says_so(app: Flask, pleine: Ville) -> None:
    path = f"/place/{jeton_de_place(offrir(pleine))}"
    clock.set_now(SAMEDI + timedelta(hours=48))
    client = app.test_client()
    assert "Cette place n’est plus gardée" in mots(client.get(path))


def test_one_basket_becomes_two_where_they_fit(app: Flask) -> None:
    town = ville(places=2)
    visit = connecte(app, town.samira)
    for value in HOSTILES:
        assert visit.poster("/mon-abonnement/nombre", nombre=value).status_code == 422, value
    assert visit.poster("/mon-abonnement/nombre", nombre=2).location == "/mon-abonnement"
    assert "Deux paniers par semaine" in visit.lire("/mon-abonnement").text


def test_a_second_basket_that_does_not_fit_is_refused_beside_the_field(app: Flask, pleine: Ville) -> None:
    answer = connecte(app, pleine.samira).poster("/mon-abonnement/nombre", nombre=2)
    assert answer.status_code == 422
    assert "La maison Capuche est complète" in mots(answer)


def finir(town: Ville, semaines: int = 2) -> None:
    with transaction() as session:
        asked = text("UPDATE abonnement_version SET fin = :fin WHERE abonnement_id = :a")
        session.execute(asked, {"fin": JEUDI + timedelta(weeks=semaines), "a": town.abonnement_id})


def test_a_term_is_renewed_with_one_button_and_twice_is_once(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.samira)
    assert "Rien à renouveler aujourd’hui" in mots(visit.lire("/mon-abonnement/renouveler"))
    finir(town)
    assert "Renouveler pour trois mois" in visit.lire("/mon-abonnement").text
    token = visit.jeton("/mon-abonnement/renouveler")
    for _twice in range(2):
        visit.client.post("/mon-abonnement/renouveler", data={"csrf_token": token})
    with reading() as session:
        version = en_cours(session, town.foyer_id, JEUDI)
        assert version is not None
        assert version.fin == JEUDI + timedelta(weeks=15)
    assert compter("abonnement_version") == 2


def test_the_link_of_the_notice_renews_that_term_once(app: Flask) -> None:
    town = ville()
    finir(town)
    path = f"/renouveler/{jeton_de_renouvellement(town.abonnement_id, JEUDI + timedelta(weeks=2))}"
    visit = Visite(app)
    assert "On continue ?" in mots(visit.lire(path))
    token = visit.jeton(path)
    for _twice in range(2):
        shown = visit.client.post(path, data={"csrf_token": token}, follow_redirects=True)
        assert "C’est fait, merci" in mots(shown)
    assert compter("abonnement_version") == 2


def test_a_family_leaves_with_the_last_basket_that_it_chooses_and_may_change_its_mind(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.samira)
    for value in [*HOSTILES, "2030-01-01"]:
        assert visit.poster("/mon-abonnement/quitter", dernier=value).status_code == 422, value
    visit.poster("/mon-abonnement/quitter", dernier=(JEUDI + timedelta(weeks=1)).isoformat())
    page = mots(visit.lire("/mon-abonnement"))
    assert "Votre dernier panier est celui du jeudi 3 décembre" in page
    assert "vous pouvez encore changer d’avis" in page
    visit.poster("/mon-abonnement/renouveler")
    assert "3 décembre" not in mots(visit.lire("/mon-abonnement"))


def test_the_coordination_sees_every_list_with_names_and_ranks(app: Flask, pleine: Ville) -> None:
    offrir(pleine)
    with transaction() as session:
        for name in ("Zoé", "Yann"):
            household = fabriques.foyer(session, prenom=name, nom="Attend", maison_id=pleine.ailleurs)
            fabriques.attente(session, household.id, pleine.ici, nombre=2, depuis=SAMEDI)
    page = mots(connecte_en(app, Role.COORDINATION).lire("/coordination/attente"))
    assert page.index("Essai") < page.index("Attend Zoé") < page.index("Attend Yann")
    assert "jusqu’au lundi 23 novembre à 10 h" in page

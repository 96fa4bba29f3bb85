"""Pages about who fetches a basket: the family's own, the counter's, and what the door says then."""

import pytest
from flask import Flask

from kernel import documents
from kernel.db import reading, transaction
from kernel.web.access import Role
from paniers import cartes, procurations
from paniers.models.semaines import Panier
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.monde_equipe import JEUDI, Monde, bon, comptees, etat, monde


@pytest.fixture
def ici(app: Flask) -> Monde:
    return monde()


@pytest.fixture
def foyer(ici: Monde) -> int:
    with reading() as session:
        return session.get_one(Panier, ici.samira).foyer_id


@pytest.fixture
def famille(app: Flask, foyer: int) -> Visite:
    return connecte_en(app, Role.HABITANT, foyer_id=foyer)


@pytest.fixture
def agent(app: Flask, ici: Monde) -> Visite:
    return connecte_en(app, Role.AGENT, maisons=(ici.ici,))


def scanner(visit: Visite, code: str, ici: Monde) -> str:
    return str(visit.poster("/retrait/scan", "/retrait", code=code, maison=ici.ici).text)


def la_carte(foyer: int) -> tuple[int, str]:
    with reading() as session:
        card = cartes.la_bonne(session, foyer)
        assert card is not None
        return card.id, cartes.texte(card.code)


def nommer(visit: Visite, page: str, **given: str):  # type: ignore[no-untyped-def]
    answers = {"prenom": "Nour", "nom": "Haddad", "quand": "toujours"}
    return visit.poster(page, page, **(answers | given))


def test_a_family_makes_its_card_prints_it_and_replaces_it(
    famille: Visite, agent: Visite, ici: Monde, foyer: int
) -> None:
    assert "Faire ma carte" in famille.lire("/ma-carte").text
    assert famille.poster("/ma-carte", "/ma-carte").status_code == 303
    old, shown = la_carte(foyer)
    page = famille.lire("/ma-carte").text
    assert "<svg" in page
    assert "se prépare" in page
    assert famille.lire("/ma-carte.pdf").status_code == 404
    with transaction() as session:
        documents.store(session, cartes.cle(old), "carte-de-retrait.pdf", b"%PDF-")
    assert "/ma-carte.pdf" in famille.lire("/ma-carte").text
    assert famille.lire("/ma-carte.pdf").content_type == "application/pdf"
    famille.poster(f"/ma-carte/{old}/perdue", "/ma-carte")
    assert la_carte(foyer)[0] != old
    lost = scanner(agent, shown, ici)
    assert "Carte remplacée" in lost
    assert "Samira" not in lost
    assert "reponse--remettre" in scanner(agent, la_carte(foyer)[1], ici)


def test_a_family_does_without_its_card_again(famille: Visite, foyer: int) -> None:
    famille.poster("/ma-carte", "/ma-carte")
    card, _ = la_carte(foyer)
    famille.poster(f"/ma-carte/{card}/sans-suite", "/ma-carte")
    assert "Faire ma carte" in famille.lire("/ma-carte").text


def test_a_card_is_scanned_in_small_letters_too(agent: Visite, famille: Visite, ici: Monde, foyer: int) -> None:
    famille.poster("/ma-carte", "/ma-carte")
    assert "reponse--remettre" in scanner(agent, la_carte(foyer)[1].lower() + "\r\n", ici)
    assert etat(ici.samira) == "remis"


def test_a_neighbour_fetches_the_basket_and_the_door_says_for_whom(
    famille: Visite, agent: Visite, app: Flask, ici: Monde
) -> None:
    assert nommer(famille, "/un-proche").status_code == 302
    assert "Nour vient à votre place" in famille.lire("/ma-semaine").text
    answer = scanner(agent, bon(ici.samira), ici)
    assert "à Nour (pour Samira B.)" in answer
    assert "Nour Haddad" in answer
    told = agent.lire(f"/retrait/{ici.samira}").text
    assert "à Nour Haddad" in told
    volunteer = connecte_en(app, Role.BENEVOLE, maisons=(ici.ici,))
    assert "Haddad" not in volunteer.lire(f"/retrait/{ici.samira}").text
    agent.poster(f"/retrait/{ici.samira}/en-personne", "/retrait")
    assert "Remise annulée" in agent.lire(f"/retrait/{ici.samira}").text
    assert etat(ici.samira) == "remis"


def test_a_procuration_is_for_one_week_and_revoked_by_the_family(famille: Visite, ici: Monde, foyer: int) -> None:
    nommer(famille, "/un-proche", quand=ici.code)
    with reading() as session:
        (given,) = procurations.en_cours(session, foyer, JEUDI)
    assert (given.du, given.au) == (JEUDI, JEUDI)
    assert "seulement jeudi" in famille.lire("/un-proche").text
    famille.poster(f"/un-proche/{given.id}/retirer", "/un-proche")
    assert "Nour Haddad" not in famille.lire("/un-proche").text


def test_what_is_missing_or_wrong_is_said_beside_its_field(famille: Visite) -> None:
    for given in ({"prenom": ""}, {"nom": "x" * 200}, {"quand": "jamais"}, {"quand": "2026-W01"}, {"prenom": "12"}):
        answer = nommer(famille, "/un-proche", **given)
        assert answer.status_code == 422
        assert "champ__erreur" in answer.text


def test_a_sixth_neighbour_is_refused_with_what_to_do(famille: Visite) -> None:
    for _ in range(5):
        assert nommer(famille, "/un-proche").status_code == 302
    assert "Retirez d’abord" in nommer(famille, "/un-proche").text


def test_the_counter_does_all_of_it_in_a_households_name(agent: Visite, ici: Monde, foyer: int) -> None:
    page = f"/guichet/foyers/{foyer}/retrait"
    assert page in agent.lire(f"/retrait/{ici.samira}").text
    agent.poster(f"{page}/carte", page)
    card, _ = la_carte(foyer)
    with transaction() as session:
        documents.store(session, cartes.cle(card), "carte-de-retrait.pdf", b"%PDF-")
    assert agent.lire(f"{page}/carte.pdf").content_type == "application/pdf"
    assert nommer(agent, page).status_code == 303
    with reading() as session:
        (given,) = procurations.en_cours(session, foyer, JEUDI)
        assert given.donnee_par is not None
    assert "Nour Haddad" in agent.lire(page).text
    agent.poster(f"{page}/procurations/{given.id}/retirer", page)
    assert "Nour Haddad" not in agent.lire(page).text
    agent.poster(f"{page}/cartes/{card}/perdue", page)
    assert la_carte(foyer)[0] != card


def test_the_counter_touches_no_other_household_through_its_own(agent: Visite, ici: Monde, foyer: int) -> None:
    with transaction() as session:
        stranger = session.get_one(Panier, ici.autre).foyer_id
        card = cartes.faire(session, stranger, par=None, instant=fabriques.DEBUT).id
        given = fabriques.procuration(session, stranger).id
    page = f"/guichet/foyers/{foyer}/retrait"
    assert agent.poster(f"{page}/procurations/{given}/retirer", page).status_code == 404
    assert agent.poster(f"{page}/cartes/{card}/perdue", page).status_code == 404
    assert agent.lire(f"/guichet/foyers/{stranger}/retrait").status_code == 404
    assert la_carte(stranger)[0] == card


def test_a_scan_takes_four_statements_from_the_cookie_to_the_answer(agent: Visite, ici: Monde, foyer: int) -> None:
    nommer_au_guichet = f"/guichet/foyers/{foyer}/retrait"
    nommer(agent, nommer_au_guichet)
    token = agent.jeton("/retrait")
    data = {"csrf_token": token, "code": bon(ici.samira), "maison": ici.ici}
    with comptees() as sent:
        answer = agent.client.post("/retrait/scan", data=data)
    assert "reponse--remettre" in answer.text
    assert len(sent) <= 4, sent

"""Families' pages of outings: read without account, book, give back, answer an offer; nothing of another household."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from culture.inscriptions import annuler
from culture.liens import jeton_de_places
from kernel import clock
from kernel.db import transaction
from kernel.web.access import Role
from tests.culture.bourg import MAINTENANT, SOIR, Gens, Saison, batir, etat, habiter, reserver, sortie
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.bourg import compter


@pytest.fixture
def saison(app: Flask) -> Saison:
    clock.set_now(MAINTENANT)
    with transaction() as session:
        return batir(session, titre="Cyrano", privilege="Rencontre avec les comédiens", places=4)


@pytest.fixture
def famille(saison: Saison) -> Gens:
    return habiter(saison, [3])[0]


@pytest.fixture
def elle(app: Flask, famille: Gens) -> Visite:
    return connecte_en(app, Role.HABITANT, foyer_id=famille.foyer)


def test_the_programme_is_everybody_s_and_can_be_searched(app: Flask, saison: Saison) -> None:
    with transaction() as session:
        sortie(session, saison, titre="Secret", etat="brouillon")
        sortie(session, saison, titre="Concert", genre="musique", debut_le=SOIR + timedelta(days=40), besoins=["lsf"])
    visit = Visite(app)
    whole = visit.lire("/sorties").text
    assert "Cyrano" in whole
    assert "Concert" in whole
    assert "Secret" not in whole
    for query, seen in (
        ("genre=musique", "Concert"),
        ("acces=lsf", "Concert"),
        ("mois=2026-12", "Cyrano"),
        (f"maison={saison.maisons[0]}&genre=theatre", "Cyrano"),
    ):
        page = visit.lire(f"/sorties?{query}").text
        assert [title for title in ("Cyrano", "Concert") if f">{title}<" in page] == [seen], query
    assert "Rien ne correspond" in visit.lire("/sorties?prix=gratuit").text
    assert visit.lire("/sorties?mois=9999-99&maison=x&genre=%00").status_code == 200
    calendar = visit.lire("/sorties.ics?genre=musique")
    assert calendar.content_type == "text/calendar; charset=utf-8"
    assert "SUMMARY:Concert\r\n" in calendar.text
    assert "Cyrano" not in calendar.text
    assert "Rencontre avec les comédiens" in visit.lire(f"/sorties/{saison.sortie}").text
    assert visit.lire("/sorties/999").status_code == 404


def test_a_family_books_for_three_and_a_guest_then_gives_one_place_back(
    saison: Saison, famille: Gens, elle: Visite
) -> None:
    page = f"/sorties/{saison.sortie}/reserver"
    fields = {f"membre_{key}": "y" for key in famille.membres}
    fields |= {"invite_1_prenom": "Léa", "invite_1_nom": "Voisine", "geste": "reserver"}
    assert elle.poster(page, **fields).location == "/mes-sorties"
    mine = elle.lire("/mes-sorties").text
    assert "Vous y allez" in mine
    assert "Léa Voisine" in mine
    assert "16,00" in mine
    booked = compter("SELECT id FROM inscription")
    back = f"/mes-sorties/{booked}/annuler"
    nobody = elle.poster(back)
    assert (nobody.status_code, "Choisissez qui ne vient pas" in nobody.text) == (422, True)
    seat = compter("SELECT id FROM place_sortie WHERE invite")
    assert elle.poster(back, place=str(seat)).location == "/mes-sorties"
    assert "Léa Voisine" not in elle.lire("/mes-sorties").text
    assert compter("SELECT sum(montant) FROM mouvement WHERE compte = 'foyer'") == 1200
    assert "SUMMARY:Cyrano" in elle.lire(f"/mes-sorties/{booked}.ics").text


def test_who_chooses_nobody_or_too_many_reads_why_and_keeps_the_form(
    saison: Saison, famille: Gens, elle: Visite
) -> None:
    reserver(saison, habiter(saison, [2])[0])
    page = f"/sorties/{saison.sortie}/reserver"
    assert "au moins une personne" in elle.poster(page, geste="reserver").text
    fields = {f"membre_{key}": "y" for key in famille.membres}
    refused = elle.poster(page, geste="reserver", **fields)
    assert refused.status_code == 422
    assert "Il ne reste que 2 places" in refused.text
    assert 'value="attendre"' in refused.text
    assert elle.poster(page, geste="attendre", **fields).location == "/mes-sorties"
    assert "Vous êtes les premiers de la liste" in elle.lire("/mes-sorties").text


def test_an_offer_is_taken_on_the_page_or_by_its_link_which_changes_nothing_by_itself(
    app: Flask, saison: Saison, famille: Gens, elle: Visite
) -> None:
    booked = reserver(saison, habiter(saison, [4])[0])
    asked = reserver(saison, famille, attendre=True).id
    with transaction() as session:
        annuler(session, booked.id, instant=MAINTENANT)
    link = f"/sorties/places/{jeton_de_places(asked)}"
    stranger = Visite(app)
    assert "Des places vous attendent" in stranger.lire(link).text
    assert etat(asked) == "offerte"
    assert stranger.lire(link[:-3]).status_code == 404
    assert stranger.poster(link, reponse="autre").status_code == 400
    assert elle.poster(f"/mes-sorties/{asked}/accepter", "/mes-sorties").location == "/mes-sorties"
    assert etat(asked) == "confirmee"
    assert "Vos places sont réservées" in stranger.lire(link).text


def test_nobody_reaches_what_is_another_household_s(app: Flask, saison: Saison, famille: Gens) -> None:
    booked = reserver(saison, famille).id
    other = connecte_en(app, Role.HABITANT)
    pass_id = compter("SELECT min(id) FROM pass_culture")
    for path in (f"/mes-sorties/{booked}/annuler", f"/mes-sorties/{booked}.ics", f"/mon-pass/{pass_id}.pdf"):
        assert other.lire(path).status_code == 404, path
    for act in ("accepter", "laisser", "annuler"):
        path = f"/mes-sorties/{booked}/{act}"
        answer = other.client.post(path, data={"csrf_token": other.jeton("/mon-foyer")})
        assert answer.status_code == 404, path
    assert etat(booked) == "confirmee"


def test_a_child_s_age_and_an_overlap_are_asked_before_anything_is_booked(
    saison: Saison, famille: Gens, elle: Visite
) -> None:
    with transaction() as session:
        session.execute(text("UPDATE sortie SET age_minimum = 8"))
        session.execute(text("UPDATE membre SET adulte = false WHERE id = :m"), {"m": famille.membres[1]})
        same = sortie(session, saison, titre="Concert").id
    reserver(saison, famille, 1, sortie=same)
    page = f"/sorties/{saison.sortie}/reserver"
    fields = {f"membre_{key}": "y" for key in famille.membres[:2]} | {"geste": "reserver"}
    assert "l’âge de" in elle.poster(page, **fields).text
    fields[f"age_{famille.membres[1]}"] = "9"
    warned = elle.poster(page, **fields).text
    assert "même heure" in warned
    assert 'name="malgre"' in warned
    assert elle.poster(page, malgre="y", **fields).location == "/mes-sorties"
    assert compter("SELECT age FROM place_sortie WHERE age IS NOT NULL") == 9

"""The coordination's lists: orders with their answers and files, subscriptions, the rules in words."""

from datetime import date

from flask import Flask
from sqlalchemy import select

from kernel import documents
from kernel.db import transaction
from paniers.models.producteurs import Commande
from tests import fabriques
from tests.foyers.visite import Visite
from tests.paniers.bureau import CODE, elle, en_une_commande, semaine_id

__all__ = ["elle", "semaine_id"]


def test_orders_show_their_answers_their_files_and_their_links(elle: Visite, app: Flask, semaine_id: int) -> None:
    monday = en_une_commande(elle, app, semaine_id)
    with transaction() as session:
        first = session.scalars(select(Commande.id).order_by(Commande.id)).first()
        documents.store(session, f"commande:{first}:pdf", "commande.pdf", b"%PDF-")
    page = monday.lire(f"/coordination/commandes?semaine={CODE}").text
    assert "en attente" in page
    assert "/producteur/commande/" in page
    assert f"/coordination/commandes/{first}/pdf" in page
    assert f"/coordination/commandes/{first}/csv" not in page
    assert monday.lire(f"/coordination/commandes/{first}/pdf").data == b"%PDF-"
    assert monday.lire(f"/coordination/commandes/{first}/csv").status_code == 404
    link = page.split('readonly value="', 1)[1].split('"', 1)[0]
    assert app.test_client().get(link.removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_subscriptions_are_paged_and_found(elle: Visite, semaine_id: int) -> None:
    with transaction() as session:
        place = fabriques.maison(session)
        for number in range(60):
            household = fabriques.foyer(session, nom=f"Zed{number:02d}", maison_id=place.id)
            fabriques.abonnement(session, household.id, place.id, fin=date(2026, 10, 1))
    first, second = (elle.lire(f"/coordination/abonnements?page={n}").text for n in (1, 2))
    assert "72 abonnements" in first
    assert first.count('<th scope="row">') == 50
    assert second.count('<th scope="row">') == 22
    assert "fini" in second
    assert "Nom3" in elle.lire("/coordination/abonnements?q=nom3").text
    for page in ("0", "-1", "9" * 50, "x", "\0"):
        assert elle.client.get("/coordination/abonnements", query_string={"page": page}).status_code == 200
    for typed in ("%", "\0", "😀" * 500, "';--"):
        assert elle.client.get("/coordination/abonnements", query_string={"q": typed}).status_code == 200


def test_the_rules_are_said_in_words(elle: Visite) -> None:
    rhythm = elle.lire("/coordination/calendrier").text
    assert "jusqu’au dimanche à 23\xa0h\xa059" in rhythm
    grid = elle.lire("/coordination/grilles").text
    assert "de 401 à 800" in grid
    assert "5,50\xa0€" in grid
    with transaction() as session:
        rule = {"forme": "lineaire", "taux": "0.008", "plancher": 400, "plafond": 900}
        fabriques.grille(session, nom="Taux", effet_le=date(2027, 1, 1), regle=rule)
        fabriques.grille(session, nom="Abîmée", effet_le=date(2027, 2, 1), regle={"forme": "?"})
    grid = elle.lire("/coordination/grilles").text
    assert "0,8 % du quotient" in grid
    assert "ne peut pas être lue" in grid

"""What is short, from a producer's link to the corrected order: pages of the producer and of the coordination."""

import pytest
from flask import Flask
from sqlalchemy import text

from kernel import clock
from kernel.db import reading, transaction
from kernel.web.access import Role
from paniers import verifications
from paniers.courriels import producteurs as courriels_producteurs
from paniers.documents import bon_commande
from paniers.liens import jeton_de_commande
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.bourg import compter
from tests.paniers.monde_public import mots
from tests.paniers.penurie import Semaine48, ordonner
from tests.paniers.test_pages_producteurs import HOSTILES

CODE = "2026-W48"
PAGE = f"/coordination/penuries?semaine={CODE}"


@pytest.fixture
def semaine(app: Flask) -> Semaine48:
    made = ordonner()
    clock.set_now(made.bourg.apres(hours=30))
    return made


@pytest.fixture
def elle(app: Flask, semaine: Semaine48) -> Visite:
    return connecte_en(app, Role.COORDINATION)


def lien(semaine: Semaine48) -> str:
    return f"/producteur/commande/{jeton_de_commande(semaine.commandes[0])}"


def manquer(app: Flask, semaine: Semaine48, kilos: str) -> str:
    visit = Visite(app)
    visit.poster(lien(semaine), reponse="manque", version="1", **{f"d{semaine.carottes}": kilos})
    return mots(visit.lire(lien(semaine)))


def corriger(elle: Visite, semaine: Semaine48, action: str, choix: str, **fields: str) -> str:
    asked = {"vues": "0", "motif": "Le gel a pris des carottes.", f"choix-{semaine.carottes}": choix, **fields}
    answer = elle.poster(f"/coordination/penuries/{CODE}", PAGE, action=action, **asked)
    return mots(elle.lire(answer.location) if answer.status_code == 303 else answer)


def test_a_producer_says_line_by_line_what_it_can_bring(app: Flask, semaine: Semaine48) -> None:
    page = manquer(app, semaine, "1,0")
    assert "1 kg sur 2 kg" in page
    assert compter("SELECT disponible FROM manque") == 1_000


@pytest.mark.parametrize("typed", [*HOSTILES, "2,0001", "2000", "3"])
def test_hostile_amounts_are_answered_by_a_sentence(app: Flask, semaine: Semaine48, typed: str) -> None:
    answer = Visite(app).poster(lien(semaine), reponse="manque", version="1", **{f"d{semaine.carottes}": typed})
    if typed == "0":
        assert answer.status_code == 303, "nothing at all can be brought"
        return
    assert answer.status_code == 422
    assert "Écrivez un nombre" in mots(answer) or "pas plus" in mots(answer)
    assert compter("SELECT count(*) FROM manque") == 0


def test_the_coordination_reads_what_it_means_and_the_ways_out(app: Flask, semaine: Semaine48, elle: Visite) -> None:
    manquer(app, semaine, "1")
    week = mots(elle.lire(f"/coordination?semaine={CODE}"))
    assert "Carotte, 1 kg sur 2 kg" in week
    assert PAGE in week
    page = mots(elle.lire(PAGE))
    assert "Sans rien changer, 2 paniers n’en auraient pas." in page
    for way in ("Réduire dans chaque panier", "Compléter avec Carotte", "Compléter avec Poire", "Retirer du panier"):
        assert way in page


def test_the_first_press_tells_in_figures_and_writes_nothing(app: Flask, semaine: Semaine48, elle: Visite) -> None:
    manquer(app, semaine, "1")
    page = corriger(elle, semaine, "calculer", f"offre-{semaine.autres_carottes}", credit="0,50")
    assert "nouvelle commande 2026-48-03" in page
    assert "commande 2026-48-01, version 2" in page
    assert "2,00 € sont rendus aux familles" in page
    assert "Corriger et prévenir" in page
    assert compter("SELECT count(*) FROM correction") == 0
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'PanierCorrige'") == 0
    assert compter("SELECT max(version) FROM commande") == 1


def test_the_second_press_does_it_once(app: Flask, semaine: Semaine48, elle: Visite) -> None:
    manquer(app, semaine, "1")
    page = corriger(elle, semaine, "corriger", "reduire")
    assert "Le panier est corrigé" in page
    assert "Le gel a pris des carottes." in page
    assert "Rien ne manque" in page
    elle.poster(f"/coordination/penuries/{CODE}", PAGE, action="corriger", vues="0", motif="Encore.")
    assert compter("SELECT count(*) FROM correction") == 1
    with reading() as session:
        assert verifications.verifier(session) == []
    assert "version 2" in mots(elle.lire(f"/coordination/commandes?semaine={CODE}"))
    seen = mots(Visite(app).lire(lien(semaine)))
    assert "Cette version 2 annule et remplace la précédente" in seen


def test_a_confirmation_of_the_page_that_was_open_before_is_refused(
    app: Flask, semaine: Semaine48, elle: Visite
) -> None:
    manquer(app, semaine, "1")
    corriger(elle, semaine, "corriger", "reduire")
    answer = Visite(app).poster(lien(semaine), reponse="confirmer", version="1")
    assert answer.status_code == 422
    assert "vient d’être corrigée" in mots(answer)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"motif": ""}, "Écrivez pourquoi"),
        ({"motif": "x" * 201}, "deux cents"),
        ({"motif": "a\u202eb"}, "signes invisibles"),
        ({"credit": "4,01"}, "de 0 à 4,00"),
        ({"credit": "beaucoup"}, "montant en euros"),
        ({"vues": "x"}, "rien n’a été fait deux fois"),
    ],
)
def test_what_cannot_be_read_is_asked_again(
    app: Flask, semaine: Semaine48, elle: Visite, fields: dict[str, str], sentence: str
) -> None:
    manquer(app, semaine, "1")
    assert sentence in corriger(elle, semaine, "corriger", "reduire", **fields)
    assert "Choisissez quoi faire" in corriger(elle, semaine, "corriger", "offre-99")
    assert compter("SELECT count(*) FROM correction") == 0


def test_what_came_by_telephone_is_written_in_the_producers_name(app: Flask, semaine: Semaine48, elle: Visite) -> None:
    path = f"/coordination/commandes/{semaine.commandes[1]}/manque"
    assert f'name="d{semaine.chou}" value="4"' in elle.lire(path).text
    assert "Écrivez un nombre" in mots(elle.poster(path, version="1", **{f"d{semaine.chou}": "deux"}))
    answer = elle.poster(path, message="Il a plu.", **{f"d{semaine.chou}": "2"})
    assert answer.status_code == 303
    page = mots(elle.lire(answer.location))
    assert "2 pièces sur 4 pièces" in page
    assert "noté par téléphone" in page


def test_nothing_said_is_no_note_and_what_was_typed_is_kept(app: Flask, semaine: Semaine48, elle: Visite) -> None:
    path = f"/coordination/commandes/{semaine.commandes[1]}/manque"
    for nothing in ({}, {f"d{semaine.chou}": ""}, {f"d{semaine.chou}": "4"}, {"message": "  "}):
        answer = elle.poster(path, **nothing)
        assert answer.status_code == 422
        assert "Dites ce qui manque" in mots(answer)
        assert f'value="{nothing.get(f"d{semaine.chou}", "")}"' in answer.text
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'CommandeRepondue'") == 0


def test_a_note_is_taken_back_by_saying_the_whole_order(app: Flask, semaine: Semaine48, elle: Visite) -> None:
    path = f"/coordination/commandes/{semaine.commandes[1]}/manque"
    elle.poster(path, **{f"d{semaine.chou}": "2"})
    assert elle.poster(path).status_code == 422, "an empty form takes nothing back"
    assert compter("SELECT count(*) FROM manque") == 1
    answer = elle.poster(path, **{f"d{semaine.chou}": "4"})
    assert "arrivera entière" in mots(elle.lire(answer.location))
    assert compter("SELECT count(*) FROM manque") == 0


def test_after_the_delivery_a_sentence_says_so(app: Flask, semaine: Semaine48, elle: Visite) -> None:
    manquer(app, semaine, "1")
    with transaction() as session:
        session.execute(text("UPDATE semaine SET etat = 'livree' WHERE code = :c"), {"c": CODE})
    assert "La livraison est faite" in mots(elle.lire(PAGE))
    assert "La livraison est faite" in corriger_apres(elle, semaine)
    assert compter("SELECT count(*) FROM correction") == 0


def corriger_apres(elle: Visite, semaine: Semaine48) -> str:
    fields = {"vues": "0", "motif": "Trop tard.", f"choix-{semaine.carottes}": "reduire"}
    return mots(elle.poster(f"/coordination/penuries/{CODE}", "/coordination/offres", action="corriger", **fields))


def test_nothing_that_a_producer_receives_names_a_family(app: Flask, semaine: Semaine48, elle: Visite) -> None:
    with transaction() as session:
        session.execute(text("UPDATE membre SET prenom = 'Canariprenom', nom = 'Canarinom'"))
        session.execute(text("UPDATE foyer SET nom = 'Canarifoyer', email = 'canari' || id || '@exemple.test'"))
    manquer(app, semaine, "1")
    corriger(elle, semaine, "corriger", f"offre-{semaine.autres_carottes}", credit="0,50")
    with transaction() as session:
        orders = list(session.scalars(text("SELECT id FROM commande")))
        for order in orders:
            courriels_producteurs.commande(session, order)
        told = [" ".join(row) for row in session.execute(text("SELECT subject, text, html FROM mail"))]
        papers = [bon_commande.rendre_csv(bon_commande.lire(session, order)).decode() for order in orders]
        papers += [repr(bon_commande.lire(session, order)) for order in orders]  # all that the PDF is made of
    pages = [Visite(app).lire(f"/producteur/commande/{jeton_de_commande(order)}").text for order in orders]
    assert len(told) == len(pages) == 3
    assert not [said for said in (*told, *papers, *pages) if "canari" in said.lower()]

"""The coordination enters a grid and a rhythm: answered in clear words, shown in counts, written after a second yes."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from foyers.models import Maison
from kernel import clock
from kernel.db import transaction
from kernel.web.access import Role
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.bourg import Bourg, batir, compter
from tests.paniers.monde_equipe import comptees

TRANCHES = "/coordination/grilles/par-tranches"
LINEAIRE = "/coordination/grilles/lineaire"
RYTHME = "/coordination/calendrier/rythme"
ENTETE = {"nom": "Grille 2027", "effet_le": "2026-12-03", "cout_reference": "8,00"}
BANDES = {
    "nom_1": "A", "jusqu_a_1": "400", "prix_1": "4",
    "nom_2": "B", "jusqu_a_2": "1 000", "prix_2": "6,50",
    "nom_4": "C", "jusqu_a_4": "", "prix_4": "9,00",
}  # fmt: skip
GRILLE = ENTETE | BANDES
DROITE = ENTETE | {"taux": "0,8", "plancher": "4", "plafond": "9"}
SEMAINE = {
    "effet_le": "2026-12-14",
    "offres_jour": "3", "offres_heure": "12:00", "publication_jour": "4", "publication_heure": "17 h",
    "cloture_jour": "6", "cloture_heure": "20:00", "commande_jour": "1", "commande_heure": "07:00",
    "retrait_jour": "3",
}  # fmt: skip
OUI = {"geste": "enregistrer", "accord": "y"}


@pytest.fixture
def bourg(app: Flask) -> Bourg:
    """Seven households at 300 € (4 €), six at 900 € (7 €) and five without proof (9 €); one of these takes two."""
    with transaction() as session:
        made = batir(session)
        for number, quotient in enumerate([300] * 7 + [900] * 6 + [None] * 5):
            foyer = fabriques.foyer(session, maison_id=made.maisons[0]).id
            fabriques.abonnement(session, foyer, made.maisons[0], nombre=2 if number == 17 else 1)
            if quotient is not None:
                fabriques.quotient(session, foyer, quotient)
    clock.set_now(made.avant(days=3))
    return made


@pytest.fixture
def elle(app: Flask, bourg: Bourg) -> Visite:
    return connecte_en(app, Role.COORDINATION, nom="Inès Coordination")


def clair(answer: TestResponse) -> str:
    return " ".join(answer.text.replace("\xa0", " ").replace("\u202f", " ").split())


Fautes = list[tuple[dict[str, str], str]]


def refused(elle: Visite, path: str, right: dict[str, str], faults: Fautes) -> None:
    """Each fault has its sentence, and writes nothing though the box is ticked."""
    before, token = ecrites(), elle.jeton(path)
    for change, said in faults:
        answer = elle.client.post(path, data={"csrf_token": token, **right, **OUI, **change})
        assert (answer.status_code, said in clair(answer)) == (422, True), (change, said)
    assert ecrites() == before


def ecrites() -> int:
    return compter("SELECT (SELECT count(*) FROM grille) + (SELECT count(*) FROM calendrier)")


def test_the_form_starts_from_the_grid_in_force(elle: Visite) -> None:
    page = clair(elle.lire(TRANCHES))
    for value in ('value="400"', 'value="5,50"', 'value="9,00"', "jeudi 26 novembre 2026", "jeudi 17 décembre 2026"):
        assert value in page


def test_the_preview_tells_counts_and_writes_nothing(elle: Visite) -> None:
    before = ecrites()
    answer = elle.poster(TRANCHES, **GRILLE, geste="apercu")
    page = clair(answer)
    assert answer.status_code == 200
    for words in (
        "18 familles", "de 401 à 1000", 'Paient plus</th><td class="nombre">aucune famille',
        'Paient moins</th><td class="nombre">6 familles', 'Paient pareil</th><td class="nombre">12 familles',
        "124,00 €", "121,00 €", "6,53 €", "6,37 €", "18,50 €", "31,00 €", "Pour 19 paniers",
    ):  # fmt: skip
        assert words in page, words
    assert ecrites() == before


def test_the_preview_reads_in_a_bounded_number_of_queries(elle: Visite) -> None:
    page = elle.jeton(TRANCHES)
    with comptees() as sent:
        elle.client.post(TRANCHES, data={"csrf_token": page, **GRILLE, "geste": "apercu"})
    assert len(sent) < 25, sent


def test_few_households_are_not_to_be_found_in_it(elle: Visite, bourg: Bourg) -> None:
    """Two households of 1 200 € pay 7 € now and 9 € then: neither their line nor what it adds up to is told."""
    with transaction() as session:
        for _ in range(2):
            foyer = fabriques.foyer(session, maison_id=bourg.maisons[0]).id
            fabriques.abonnement(session, foyer, bourg.maisons[0])
            fabriques.quotient(session, foyer, 1_200)
    page = clair(elle.poster(TRANCHES, **GRILLE | {"prix_2": "7"}))
    assert 'Paient plus ou pareil</th><td class="nombre">20 familles' in page
    assert "Moins de 5 familles changent de prix" in page
    assert "Prix moyen" not in page


def test_it_is_written_after_a_second_yes_only(elle: Visite) -> None:
    before = ecrites()
    asked = elle.poster(TRANCHES, **GRILLE, geste="enregistrer")
    assert asked.status_code == 422
    assert "Cochez cette case pour enregistrer." in clair(asked)
    assert ecrites() == before
    done = elle.poster(TRANCHES, **GRILLE | OUI)
    assert done.status_code == 303
    page = clair(elle.lire(done.location))
    assert "C’est noté : cette grille compte à partir du retrait du jeudi 3 décembre 2026." in page
    assert "À venir" in page
    assert "Grille « Grille 2027 » du jeudi 3 décembre 2026 : saisie par Inès Coordination" in page
    again = elle.poster(TRANCHES, **GRILLE | OUI)
    assert again.status_code == 422
    assert "Une grille commence déjà le jeudi 3 décembre 2026" in clair(again)
    assert ecrites() == before + 1


def test_what_was_typed_is_there_to_be_corrected(elle: Visite) -> None:
    page = clair(elle.poster(TRANCHES, **GRILLE, geste="corriger"))
    assert 'value="6,50"' in page
    assert 'value="1 000"' in page
    assert '<option selected value="2026-12-03">' in page


def test_a_linear_grid_is_written_too(elle: Visite) -> None:
    shown = clair(elle.poster(LINEAIRE, **DROITE))
    assert "Un panier coûte 0,8 % du quotient familial du foyer, jamais moins de 4,00 €" in shown
    assert elle.poster(LINEAIRE, **DROITE | OUI).status_code == 303
    assert compter("SELECT (regle->>'plancher')::int FROM grille WHERE nom = 'Grille 2027'") == 400
    assert "0,8" in clair(elle.lire("/coordination/grilles"))


FAUTES_GRILLE: Fautes = [
    ({"nom": ""}, "Donnez un nom à la grille"),
    ({"effet_le": "2026-12-04"}, "Choisissez le premier jour de retrait"),
    ({"effet_le": "demain"}, "Choisissez le premier jour de retrait"),
    ({"cout_reference": "8,005"}, "deux chiffres après la virgule"),
    ({"cout_reference": "1000"}, "va de 0,01 à 100,00 €"),
    ({"prix_1": "3,99"}, "Un panier coûte de 4,00 à 9,00 €."),
    ({"prix_4": "9,01"}, "Un panier coûte de 4,00 à 9,00 €."),
    ({"prix_2": "quatre"}, "Écrivez un nombre plus grand que zéro"),
    ({"prix_2": ""}, "Écrivez le prix de cette tranche."),
    ({"prix_1": "7"}, "Le prix ne baisse jamais quand le quotient monte"),
    ({"jusqu_a_2": "400"}, "Ce quotient doit dépasser celui de la tranche d’avant."),
    ({"jusqu_a_2": ""}, "Écrivez jusqu’à quel quotient va cette tranche."),
    ({"jusqu_a_2": "-3"}, "Écrivez le quotient en chiffres"),
    ({"jusqu_a_4": "2000"}, "La dernière tranche prend tout le reste"),
    ({"nom_2": "A"}, "Deux tranches ont ce nom"),
    ({"nom_2": ""}, "Donnez un nom à cette tranche"),
    ({"nom_2": "x" * 61}, "soixante lettres"),
    ({"nom_2": "B\u202e"}, "signes invisibles"),
    (dict.fromkeys(BANDES, ""), "Écrivez au moins une tranche."),
]


def test_what_is_no_grid_is_answered_beside_its_field(elle: Visite) -> None:
    refused(elle, TRANCHES, GRILLE, FAUTES_GRILLE)


FAUTES_DROITE: Fautes = [
    ({"taux": ""}, "Écrivez la part du quotient"),
    ({"taux": "150"}, "ne dépasse pas 100 %."),
    ({"plancher": "9", "plafond": "8"}, "ne peut pas être sous le plus bas"),
    ({"plafond": "12"}, "Un panier coûte de 4,00 à 9,00 €."),
]


def test_what_is_no_linear_grid_is_answered_too(elle: Visite) -> None:
    refused(elle, LINEAIRE, DROITE, FAUTES_DROITE)


def test_a_grid_is_withdrawn_with_one_button_while_it_has_priced_nothing(
    app: Flask, elle: Visite, bourg: Bourg
) -> None:
    elle.poster(TRANCHES, **GRILLE | OUI)
    key = compter("SELECT max(id) FROM grille")
    path = f"/coordination/grilles/{key}/retirer"
    assert path in elle.lire("/coordination/grilles").text
    clock.set_now(bourg.apres(days=7))
    late = connecte_en(app, Role.COORDINATION)
    page = late.lire("/coordination/grilles").text
    assert "Grille 2027" in page
    assert path not in page, "no button that would only refuse"
    refusal = late.poster(path, TRANCHES)
    assert "ne se retire plus" in clair(late.lire(refusal.location))
    clock.set_now(bourg.avant(days=3))
    done = elle.poster(path, "/coordination/grilles")
    assert "La grille est retirée." in clair(elle.lire(done.location))
    assert compter("SELECT count(*) FROM grille") == 1


def test_the_administration_reads_and_does_not_write(app: Flask, elle: Visite) -> None:
    elle.poster(TRANCHES, **GRILLE | OUI)
    other = connecte_en(app, Role.ADMINISTRATION)
    page = other.lire("/coordination/grilles").text
    assert "Grille 2027" in page
    assert "Nouvelle grille" not in page
    assert "retirer" not in page
    assert other.lire(TRANCHES).status_code == 403


def test_a_rhythm_shows_its_next_three_weeks_then_is_written(elle: Visite) -> None:
    before = ecrites()
    page = clair(elle.poster(RYTHME, **SEMAINE))
    for words in (
        "mercredi 16 décembre 2026", "mercredi 23 décembre 2026", "mercredi 30 décembre 2026",
        "mercredi 9 décembre à 12 h", "jeudi 10 décembre à 17 h", "samedi 12 décembre à 20 h",
        "lundi 14 décembre à 7 h",
    ):  # fmt: skip
        assert words in page, words
    assert ecrites() == before
    done = elle.poster(RYTHME, **SEMAINE | OUI)
    page = clair(elle.lire(done.location))
    assert "C’est noté : ce rythme compte à partir du lundi 14 décembre 2026." in page
    assert "Rythme du lundi 14 décembre 2026 : saisie par Inès Coordination" in page
    key = compter("SELECT max(id) FROM calendrier")
    elle.poster(f"/coordination/calendrier/rythmes/{key}/retirer", "/coordination/calendrier")
    assert ecrites() == before


def test_a_maison_closed_on_the_new_day_is_named(elle: Visite, bourg: Bourg) -> None:
    assert "fermées ce jour-là" not in clair(elle.poster(RYTHME, **SEMAINE))
    with transaction() as session:
        session.get_one(Maison, bourg.maisons[1]).jours = [1, 2, 4, 5]
    page = clair(elle.poster(RYTHME, **SEMAINE))
    assert "Des maisons sont fermées ce jour-là" in page


FAUTES_SEMAINE: Fautes = [
    ({"effet_le": "2026-12-07"}, "Choisissez la première semaine"),
    ({"offres_jour": "8"}, "Choisissez un jour."),
    ({"cloture_heure": "25:00"}, "Écrivez l’heure ainsi"),
    ({"cloture_heure": ""}, "Écrivez l’heure ainsi"),
    ({"cloture_jour": "1"}, "La clôture vient après la publication"),
    ({"retrait_jour": "1"}, "Le retrait vient au moins un jour après les commandes"),
]


def test_what_is_no_rhythm_is_answered_beside_its_field(elle: Visite) -> None:
    refused(elle, RYTHME, SEMAINE, FAUTES_SEMAINE)


def test_a_town_without_rhythm_is_told_where_to_begin(app: Flask) -> None:
    page = clair(connecte_en(app, Role.COORDINATION).lire(TRANCHES))
    assert "Aucun jour de retrait n’est prévu" in page
    assert RYTHME in page

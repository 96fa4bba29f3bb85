"""Families' pages: the price, subscribing, the week, the subscription, the voucher; and what others may not open."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from kernel import clock
from kernel.clock import paris
from kernel.db import get_engine, reading, transaction
from kernel.documents import store
from kernel.web.access import Role
from paiements import passerelle
from paniers.abonnements import mettre_en_pause
from paniers.models.semaines import Panier
from paniers.queries.familles import commune
from paniers.queries.semaines import EtatVu, mes_semaines
from paniers.views import souscription as views_souscription
from tests import fabriques
from tests.foyers.visite import Visite, connecte, connecte_en
from tests.paniers.familles import HOSTILES, cloture
from tests.paniers.monde_public import (
    CODE,
    JEUDI,
    SAMEDI,
    Ville,
    choix,
    compose,
    compter,
    faits,
    mots,
    ouvrir_a_tous,
    ville,
)

# For everybody.


def test_the_first_page_shows_the_basket_its_producers_and_the_cutoff(app: Flask) -> None:
    town = ville()
    page = mots(Visite(app).lire("/"))
    assert "Le prochain panier se prépare" in page
    compose(town.semaines[0])
    page = mots(Visite(app).lire("/"))
    expected = ("Carotte Nantaise", "700 g", "Ferme des Alpins", "jeudi 26 novembre", "dimanche 22 novembre à 23 h 59")
    assert [said for said in expected if said not in page] == []
    assert "99 places" in page


def test_everybody_reads_where_each_product_comes_from_and_how_to_keep_it(app: Flask) -> None:
    town = ville()
    assert "Le prochain panier se prépare" in mots(Visite(app).lire("/le-panier"))
    compose(town.semaines[0])
    for reader in (Visite(app), connecte(app, town.samira)):
        page = mots(reader.lire("/le-panier"))
        expected = ("Carotte Nantaise", "700 g", "Ferme des Alpins, à", "Au frais.", "jeudi 26 novembre")
        assert [said for said in expected if said not in page] == []


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("Chemin des Îles, 38640 Claix", "Claix"),
        ("Mas du Bout, 38570 Le Cheylas, France", "Le Cheylas"),
        ("sans code postal", ""),
        ("", ""),
    ],
)
def test_a_farm_is_told_by_its_commune(address: str, where: str) -> None:
    assert commune(address) == where


def test_the_first_page_stands_on_an_empty_installation(app: Flask) -> None:
    for page in ("/", "/le-panier", "/mon-prix", "/mon-prix?qf=640"):
        assert Visite(app).lire(page).status_code == 200


def test_signed_in_people_go_to_their_own_first_page(app: Flask) -> None:
    town = ville()
    assert connecte(app, town.samira).lire("/").location == "/ma-semaine"
    assert connecte_en(app, Role.PRODUCTEUR).lire("/").location == "/producteur/commandes"


def test_the_simulator_says_the_price_of_a_quotient_and_keeps_nothing(app: Flask) -> None:
    ville()
    visit = Visite(app)
    for asked, said in {"0": "4,00 €", "400": "4,00 €", "401": "5,50 €", "640 €": "5,50 €", "1 300,50": "7,00 €",
                        "1301": "9,00 €", "": "9,00 €"}.items():  # fmt: skip
        page = visit.client.get("/mon-prix", query_string={"qf": asked})
        assert f"{said} par panier" in mots(page), asked
    assert compter("justificatif_qf") == 0


def test_the_simulator_answers_anything_with_a_sentence(app: Flask) -> None:
    ville()
    visit = Visite(app)
    for asked in ("abc", "-5", "1e3", "9" * 400, "12\x00", "<script>alert(1)</script>", "٣٤"):
        page = visit.client.get("/mon-prix", query_string={"qf": asked})
        assert page.status_code == 422, asked
        assert "Écrivez le quotient en chiffres" in mots(page)
        assert "<script>alert" not in page.text


# Subscribing.


def test_who_has_no_account_is_led_to_open_one_and_back(app: Flask) -> None:
    ville()
    assert Visite(app).lire("/s-abonner").location == "/inscription?suite=/s-abonner"
    assert connecte_en(app, Role.AGENT).lire("/s-abonner").status_code == 403


def test_a_family_subscribes_and_is_told_what_happens_next(app: Flask) -> None:
    town = ville()
    with transaction() as session:
        fabriques.quotient(session, town.autre_foyer, 640)
    visit = connecte(app, town.amadou)
    page = mots(visit.lire("/s-abonner"))
    assert "Vous payez 5,50 € par panier" in page
    assert "99 places" in page
    answer = visit.poster("/s-abonner", maison=town.ici, nombre=2, paiement="maison")
    assert answer.location == "/s-abonner/confirmation"
    page = mots(visit.lire("/s-abonner/confirmation"))
    for said in ("Jeudi 26 novembre, de 17 h à 19 h", "Capuche", "11,00 €", "dimanche 22 novembre à 23 h 59"):
        assert said in page
    assert faits("AbonnementSouscrit") == 1


def test_a_second_press_makes_one_subscription_and_goes_on(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.amadou)
    token = visit.jeton("/s-abonner")
    fields = {"csrf_token": token, "maison": town.ici, "nombre": 1, "paiement": "maison"}
    places = [visit.client.post("/s-abonner", data=fields).location for _again in range(2)]
    assert places == ["/s-abonner/confirmation"] * 2
    assert compter("abonnement") == 2  # Samira's, and this one
    assert visit.lire("/s-abonner").location == "/mon-abonnement"


def test_the_card_leads_to_stripes_page_and_a_silent_stripe_loses_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = ville()
    visit = connecte(app, town.amadou)
    asked = []

    def page_of_stripe(foyer_id: int, email: str | None, suite: str) -> str:
        asked.append((foyer_id, suite))
        if len(asked) == 1:
            raise passerelle.Indisponible("no answer")
        return "https://checkout.exemple/page"

    monkeypatch.setattr(views_souscription, "enregistrer_carte", page_of_stripe)
    answer = visit.poster("/s-abonner", maison=town.ici, nombre=1, paiement="carte")
    assert answer.location == "/s-abonner/confirmation"
    assert "bien enregistré" in mots(visit.lire("/s-abonner/confirmation"))
    answer = visit.poster("/s-abonner/paiement", paiement="carte")
    assert (answer.status_code, answer.location) == (303, "https://checkout.exemple/page")
    assert asked == [(town.autre_foyer, "/s-abonner/confirmation")] * 2
    assert compter("abonnement") == 2


def test_a_full_maison_is_closed_on_the_page_and_by_the_server(app: Flask) -> None:
    town = ville(places=1)
    visit = connecte(app, town.amadou)
    assert "Complet" in visit.lire("/s-abonner").text
    answer = visit.poster("/s-abonner", maison=town.ici, nombre=1, paiement="maison")
    assert answer.status_code == 422
    assert "Capuche est complète" in mots(answer)
    assert compter("abonnement") == 1


def test_hostile_answers_subscribe_nobody_and_are_said_beside_their_field(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.amadou)
    good = {"maison": town.ici, "nombre": 1, "paiement": "maison"}
    for name in good:
        for value in HOSTILES:
            answer = visit.poster("/s-abonner", **(good | {name: value}))
            assert answer.status_code == 422, (name, value)
            assert f'id="{name}-erreur"' in answer.text
    assert visit.client.post("/s-abonner", data=good).status_code == 400  # without the form's token
    assert compter("abonnement") == 1


def test_no_open_week_is_said_and_nothing_breaks(app: Flask) -> None:
    town = ville()
    clock.set_now(paris(date(2027, 8, 1), time(9)))
    visit = connecte(app, town.amadou)
    assert "Pas encore de semaine ouverte" in mots(visit.lire("/s-abonner"))
    for page in ("/ma-semaine", "/mon-abonnement", "/s-abonner/confirmation", "/mon-abonnement/pause"):
        assert visit.client.get(page, follow_redirects=True).status_code == 200


# The week.


def test_not_coming_is_one_button_and_can_be_undone(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.samira)
    assert "Vous retirez votre panier" in visit.lire("/ma-semaine").text
    for _again in range(2):
        visit.poster(f"/ma-semaine/{CODE}/je-ne-viens-pas", "/ma-semaine")
    assert choix(town.abonnement_id) == [(town.semaines[0], "pas_cette_semaine")]
    assert "Finalement, je viens" in visit.lire("/ma-semaine").text
    visit.poster(f"/ma-semaine/{CODE}/comme-d-habitude", "/ma-semaine")
    assert choix(town.abonnement_id) == [(town.semaines[0], "comme_d_habitude")]


def test_another_maison_for_one_week_only(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.samira)
    path = f"/ma-semaine/{CODE}/autre-maison"
    for value in [*HOSTILES, town.ici]:
        answer = visit.poster(path, maison=value)
        assert answer.status_code == 422, value
    assert choix(town.abonnement_id) == []
    visit.poster(path, maison=town.ailleurs)
    page = visit.lire("/ma-semaine").text
    assert "Abbaye" in page
    assert "cette semaine seulement" in page


def test_after_the_cutoff_the_week_does_not_change_and_says_so(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.samira)
    token = visit.jeton("/ma-semaine")
    clock.set_now(paris(date(2026, 11, 22), time(23, 59)))
    assert "en préparation" in mots(visit.lire("/ma-semaine"))
    answer = visit.client.post(f"/ma-semaine/{CODE}/je-ne-viens-pas", data={"csrf_token": token}, follow_redirects=True)
    assert "Cette semaine est close" in mots(answer)
    assert choix(town.abonnement_id) == []


def test_a_week_that_is_not_one_does_not_exist(app: Flask) -> None:
    town = ville()
    visit = connecte(app, town.samira)
    token = visit.jeton("/ma-semaine")
    for code in ("2026-W60", "x", "2026-W48\x00", "９０２６-W48"):
        path = f"/ma-semaine/{code}/je-ne-viens-pas"
        assert visit.client.post(path, data={"csrf_token": token}).status_code == 404, code
    assert visit.lire(f"/ma-semaine/{CODE}/je-ne-viens-pas").status_code == 405  # a link does nothing


def test_the_voucher_is_drawn_with_its_number_and_its_file_once_made(app: Flask) -> None:
    town = ville()
    compose(town.semaines[0])
    basket = cloture(town)
    visit = connecte(app, town.samira)
    page = mots(visit.lire("/ma-semaine"))
    assert 'class="qr"' in page
    assert "en préparation" in page
    assert "Reste à payer : 9,00 €" in page
    assert visit.lire(f"/bon/{basket}.pdf").location == "/ma-semaine"
    with transaction() as session:
        store(session, f"bon:{basket}", "bon.pdf", b"%PDF-1.7 essai")
    assert f"/bon/{basket}.pdf" in visit.lire("/ma-semaine").text
    assert visit.lire(f"/bon/{basket}.pdf").data == b"%PDF-1.7 essai"


def test_somebody_elses_voucher_and_pause_do_not_exist(app: Flask) -> None:
    town = ville()
    with transaction() as session:
        pause = mettre_en_pause(session, town.abonnement_id, du=date(2026, 12, 3), au=date(2026, 12, 3), instant=SAMEDI)
    basket = cloture(town)
    with transaction() as session:
        store(session, f"bon:{basket}", "bon.pdf", b"%PDF-1.7 essai")
    visit = connecte(app, town.amadou)
    token = visit.jeton("/ma-semaine")
    assert visit.lire(f"/bon/{basket}.pdf").status_code == 404
    answer = visit.client.post(f"/mon-abonnement/pauses/{pause.id}/lever", data={"csrf_token": token})
    assert answer.status_code == 404
    with reading() as session:
        assert session.execute(text("SELECT levee_le FROM pause")).scalar_one() is None


def test_without_its_predicate_somebody_elses_voucher_would_open(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    town = ville()
    basket = cloture(town)
    with transaction() as session:
        store(session, f"bon:{basket}", "bon.pdf", b"%PDF-1.7 essai")
    visit = connecte(app, town.amadou)
    ouvrir_a_tous(app, "paniers.bon_pdf", monkeypatch)
    assert visit.lire(f"/bon/{basket}.pdf").status_code == 200


def test_each_state_of_a_week_is_told(app: Flask) -> None:
    town = ville()
    basket = cloture(town)
    visit = connecte(app, town.samira)
    for state, said in {
        "remis": "Panier retiré", "non_retire": "Panier non retiré", "annule": "Pas de distribution ce jour-là",
    }.items():  # fmt: skip
        with transaction() as session:
            session.get_one(Panier, basket).etat = state
        assert said in mots(visit.lire("/ma-semaine")), state


@pytest.mark.usefixtures("base")
def test_the_weeks_of_a_household_take_the_same_queries_whatever_their_number() -> None:
    town = ville()
    few = _semaines_et_requetes(town)
    with transaction() as session:
        for n in range(3):
            fabriques.semaine(session, JEUDI + timedelta(weeks=3 + n))
    many = _semaines_et_requetes(town)
    assert (few[0], many[0]) == (3, 6)
    assert few[1] == many[1] <= 8


def _semaines_et_requetes(town: Ville) -> tuple[int, int]:
    seen: list[str] = []

    def note(*args: Any) -> None:
        seen.append(args[2])

    with reading() as session:
        event.listen(get_engine(), "before_cursor_execute", note)
        weeks = mes_semaines(session, town.foyer_id, SAMEDI)
        event.remove(get_engine(), "before_cursor_execute", note)
    assert all(week.etat is EtatVu.PREVU for week in weeks)
    return len(weeks), len(seen)

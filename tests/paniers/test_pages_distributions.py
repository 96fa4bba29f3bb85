"""A maison closed by snow: the coordination's pages, each household told once, the list of calls, the ledger."""

import re
from datetime import time

import pytest
from flask import Flask
from sqlalchemy import text

from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.web.access import Role
from paniers import verifications
from paniers.cloture import cloturer
from paniers.commandes import commander
from paniers.courriels.distributions import annoncer
from paniers.models.semaines import Semaine
from tests import fabriques
from tests.foyers.visite import Visite, connecte, connecte_en
from tests.paniers.bourg import JEUDI, Bourg, batir, compter

CODE = "2026-W48"
MATIN = paris(JEUDI, time(8))
PAGE = f"/coordination/{CODE}/distribution"
CANAUX = (("email", None), ("sms", "+33612345678"), ("papier", "+33476000000"), ("papier", None))


@pytest.fixture
def bourg(app: Flask) -> Bourg:
    """Four households at each maison, one for each way of being reached; closed and ordered."""
    with transaction() as session:
        made = batir(session)
        for place in made.maisons:
            for canal, phone in CANAUX:
                mail = "famille@exemple.test" if canal == "email" else None
                foyer = fabriques.foyer(session, maison_id=place, canal=canal, telephone=phone, email=mail)
                fabriques.abonnement(session, foyer.id, place)
        offer = fabriques.offre(session, made.semaine, fabriques.producteur(session).id, fabriques.produit(session).id)
        fabriques.composition(session, made.semaine, {offer.id: 3_500})
    return made


@pytest.fixture
def neige(bourg: Bourg) -> Bourg:
    """Thursday morning, snow."""
    with transaction() as session:
        cloturer(session, bourg.semaine, instant=bourg.apres(minutes=1))
        commander(session, bourg.semaine, instant=bourg.apres(hours=7))
    clock.set_now(MATIN)
    return bourg


@pytest.fixture
def elle(app: Flask) -> Visite:
    return connecte_en(app, Role.COORDINATION)


def lire(visit: Visite, path: str) -> str:
    return visit.lire(path).text.replace("\xa0", " ")


def poster(visit: Visite, geste: str, lieu: object = "", **fields: object):  # type: ignore[no-untyped-def]
    return visit.poster(f"{PAGE}/{geste}", f"{PAGE}?lieu={lieu}", lieu=lieu, **fields)


def dire_deux_fois() -> None:
    """What a worker does with each fact; a delivery may come twice."""
    with reading() as session:
        facts = session.scalars(
            text("SELECT (payload->>'distribution_id')::bigint FROM outbox_fact WHERE name = 'DistributionDecidee'")
        ).all()
    for _ in range(2):
        for fact in facts:
            with transaction() as session:
                annoncer(session, fact)


def voies() -> dict[str, int]:
    with reading() as session:
        return dict(session.execute(text("SELECT voie, count(*) FROM message GROUP BY 1")).all())


def test_the_page_says_in_figures_what_cancelling_does_and_then_it_is_done(neige: Bourg, elle: Visite) -> None:
    here = neige.maisons[0]
    asked = lire(elle, f"{PAGE}/annuler?lieu={here}")
    for words in ("4", "36,00 €", "1 famille le lit par e-mail", "3 sont à appeler", "Les commandes sont parties"):
        assert words in asked
    assert compter("SELECT count(*) FROM panier WHERE etat = 'annule'") == 0, "asking does nothing"
    answer = poster(elle, "annuler", here, motif="neige, routes fermées")
    assert answer.status_code == 303
    assert "C’est annulé : 4 paniers, 36,00 € rendus à 4 foyers." in lire(elle, answer.location)
    page = lire(elle, f"{PAGE}?lieu={here}")
    assert "cela ne change plus" in page
    assert "Rétablir" not in page, "no button that would only refuse"
    again = elle.poster(f"{PAGE}/annuler", PAGE, lieu=here, motif="neige, routes fermées")
    assert "rien n’a été fait deux fois" in lire(elle, again.location)
    with reading() as session:
        assert verifications.verifier(session) == []


def test_each_household_is_told_once_by_its_own_channel_and_nobody_else(neige: Bourg, elle: Visite) -> None:
    poster(elle, "annuler", neige.maisons[0], motif="neige")
    dire_deux_fois()
    assert voies() == {"courriel": 1, "appel": 2, "lettre": 1}
    assert compter("SELECT count(DISTINCT foyer_id) FROM message") == 4
    assert compter("SELECT count(*) FROM message m JOIN foyer f ON f.id = m.foyer_id WHERE f.maison_id = :m",
                   m=neige.maisons[1]) == 0  # fmt: skip
    with reading() as session:
        (said,) = session.scalars(text("SELECT subject FROM mail")).all()
        words = session.scalars(text("SELECT texte FROM appel")).all()
    assert said == "Pas de panier jeudi 26 novembre"
    assert all("annulée : neige" in one.replace("\xa0", " ") and "€" not in one for one in words)


def test_the_list_of_calls_has_everyone_without_e_mail(neige: Bourg, elle: Visite) -> None:
    poster(elle, "annuler", neige.maisons[0], motif="neige")
    page = lire(elle, f"/coordination/{CODE}/appels")
    with reading() as session:
        people = session.execute(text("SELECT nom, canal, maison_id FROM foyer")).all()
    expected = {name for name, canal, place in people if place == neige.maisons[0] and canal != "email"}
    assert {name for name, *_ in people if re.search(rf"\b{name}\b", page)} == expected
    assert len(expected) == 3
    assert "06 12 34 56 78" in page
    assert "pas de téléphone" in page


def test_a_week_moved_well_ahead_is_told_by_letter_and_without_calls(bourg: Bourg, elle: Visite) -> None:
    clock.set_now(bourg.avant(days=6))
    answer = poster(elle, "deplacer", jour="25/11/2026", debut="", fin="", motif="veille de fête")
    assert answer.status_code == 303
    dire_deux_fois()
    assert voies() == {"courriel": 2, "lettre": 6}
    page = lire(elle, PAGE)
    assert "mercredi 25 novembre" in page
    assert "Toute la ville : distribution mercredi 25 novembre (veille de fête)." in page


def test_a_decision_that_another_replaced_is_told_by_the_other_alone(bourg: Bourg, elle: Visite) -> None:
    clock.set_now(bourg.avant(days=6))
    poster(elle, "annuler", motif="travaux")
    assert poster(elle, "retablir").status_code == 303
    dire_deux_fois()
    assert sum(voies().values()) == 8
    with reading() as session:
        assert session.get_one(Semaine, bourg.semaine).etat == "ouverte"
        subjects = set(session.scalars(text("SELECT subject FROM mail")))
    assert subjects == {"Finalement, votre panier vous attend jeudi 26 novembre"}


def test_baskets_are_sent_to_the_other_maison(neige: Bourg, elle: Visite) -> None:
    here, there = neige.maisons
    answer = poster(elle, "accueillir", here, chez=there, motif="panne de chauffage")
    assert answer.status_code == 303
    dire_deux_fois()
    assert compter("SELECT count(*) FROM panier WHERE maison_id = :m", m=there) == 8
    assert sum(voies().values()) == 4
    with reading() as session:
        assert verifications.verifier(session) == []


def test_before_the_cut_off_a_skipped_maison_is_told_that_nothing_is_counted(bourg: Bourg, elle: Visite) -> None:
    clock.set_now(bourg.avant(days=2))
    page = lire(elle, f"{PAGE}/annuler?lieu={bourg.maisons[0]}")
    assert "Sauter le jeudi 26 novembre" in page
    assert "revenir en arrière jusqu’à la clôture" in page
    poster(elle, "annuler", bourg.maisons[0], motif="travaux")
    dire_deux_fois()
    with reading() as session:
        (body,) = session.scalars(text("SELECT text FROM mail")).all()
    assert "Rien ne vous est compté" in body


@pytest.mark.parametrize(
    ("geste", "fields", "words"),
    [
        ("deplacer", {"jour": "", "motif": "neige"}, "Choisissez le nouveau jour."),
        ("deplacer", {"jour": "32/13/2026", "motif": "neige"}, "Choisissez un jour dans le calendrier"),
        ("deplacer", {"jour": "2027-03-01", "motif": "neige"}, "Choisissez un jour entre"),
        ("deplacer", {"jour": "2026-11-27", "motif": ""}, "Dites pourquoi"),
        ("deplacer", {"jour": "2026-11-27", "debut": "25:00", "motif": "neige"}, "Écrivez l’heure ainsi"),
        ("deplacer", {"jour": "2026-11-27", "debut": "17:00", "motif": "neige"}, "ou aucune des deux"),
        ("accueillir", {"chez": "0", "motif": "neige"}, "Choisissez la maison qui accueille."),
        ("annuler", {"motif": "x" * 300}, "deux cents caractères"),
        ("annuler", {"motif": "\u202eneige"}, "signes invisibles"),
    ],
)
def test_what_cannot_be_is_answered_beside_its_field(
    neige: Bourg, elle: Visite, geste: str, fields: dict[str, str], words: str
) -> None:
    answer = poster(elle, geste, neige.maisons[0], **fields)
    assert answer.status_code == 422
    assert words in answer.text.replace("\xa0", " ")
    assert compter("SELECT count(*) FROM distribution") == 0


def test_an_unknown_maison_or_week_is_not_found(bourg: Bourg, elle: Visite) -> None:
    for path in (
        f"{PAGE}?lieu=99999",
        f"{PAGE}?lieu=%00",
        "/coordination/2031-W01/distribution",
        f"{PAGE}/annuler?lieu=x",
    ):
        assert elle.client.get(path).status_code == 404


def test_the_administration_reads_and_does_not_act(app: Flask, neige: Bourg) -> None:
    reader = connecte_en(app, Role.ADMINISTRATION)
    page = lire(reader, PAGE)
    assert "Où et quand" in page
    assert "<form" not in page.split("<main")[1]
    assert reader.client.get(f"{PAGE}/annuler").status_code == 403


def test_too_late_is_said_before_one_tries(neige: Bourg, elle: Visite) -> None:
    with transaction() as session:
        session.execute(text("UPDATE panier SET etat = 'remis' WHERE id = (SELECT min(id) FROM panier)"))
    page = lire(elle, f"{PAGE}/annuler")
    assert "Il est trop tard pour annuler" in page
    assert "1 famille a déjà reçu ses paniers." in page


def test_a_family_reads_that_its_basket_is_cancelled_and_why(app: Flask, neige: Bourg, elle: Visite) -> None:
    poster(elle, "annuler", neige.maisons[0], motif="neige")
    with transaction() as session:
        foyer = session.scalars(text("SELECT min(id) FROM foyer")).one()
        compte = fabriques.compte(session, foyer_id=foyer)
    page = lire(connecte(app, compte), "/ma-semaine")
    assert "Pas de distribution ce jour-là" in page
    assert "La distribution est annulée : neige." in page


def test_the_calendar_shows_the_day_to_which_a_week_was_moved(bourg: Bourg, elle: Visite) -> None:
    clock.set_now(bourg.avant(days=6))
    assert "déplacée au" not in lire(elle, "/coordination/calendrier")
    poster(elle, "deplacer", jour="25/11/2026", debut="", fin="", motif="veille de fête")
    assert "déplacée au mercredi 25 novembre" in lire(elle, "/coordination/calendrier")
    poster(elle, "deplacer", bourg.maisons[0], jour="27/11/2026", debut="", fin="", motif="travaux")
    assert "distribuée mercredi 25 novembre et vendredi 27 novembre" in lire(elle, "/coordination/calendrier")

"""The coordination before its pages: an open week with offers, and somebody who signs in."""

from datetime import date, time

import pytest
from flask import Flask
from sqlalchemy import select

from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.web.access import Role
from paniers.models.producteurs import Offre
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.monde_equipe import JEUDI

VENDREDI = paris(date(2026, 11, 20), time(15))


LUNDI = paris(date(2026, 11, 23), time(7))


CODE = "2026-W48"


@pytest.fixture
def semaine_id(app: Flask) -> int:
    """An open week on its Friday: twelve households at two maisons, four offers, a draft of a basket."""
    clock.set_now(VENDREDI)
    with transaction() as session:
        fabriques.grille(session)
        fabriques.calendrier(session)
        places = [fabriques.maison(session, nom=name) for name in ("Abbaye", "Capuche")]
        for number in range(12):
            place = places[number % 2]
            household = fabriques.foyer(session, nom=f"Nom{number}", maison_id=place.id)
            fabriques.abonnement(session, household.id, place.id, nombre=2 if number == 0 else 1)
        week = fabriques.semaine(session, JEUDI)
        _offrir(session, week.id)
        return week.id


def _offrir(session, semaine_id: int) -> None:  # type: ignore[no-untyped-def]
    farms = [fabriques.producteur(session, nom=name) for name in ("Jardins du Drac", "Verger de Bernin")]
    products = [fabriques.produit(session, name) for name in ("Carotte", "Navet", "Poireau")]
    piece = fabriques.produit(session, "Salade", unite="piece", poids_piece=300)
    offers = [fabriques.offre(session, semaine_id, farms[n % 2].id, p.id) for n, p in enumerate(products)]
    offers.append(fabriques.offre(session, semaine_id, farms[1].id, piece.id, quantite=60, lot=6, prix=110))
    fabriques.composition(session, semaine_id, {offers[0].id: 1_000}, publiee_le=None, cout=None, poids=None)


@pytest.fixture
def elle(app: Flask, semaine_id: int) -> Visite:
    return connecte_en(app, Role.COORDINATION)


def ids_des_offres(semaine_id: int) -> list[int]:
    with reading() as session:
        return list(session.scalars(select(Offre.id).where(Offre.semaine_id == semaine_id).order_by(Offre.id)))


def composer(visit: Visite, semaine_id: int, action: str, *quantites: object):  # type: ignore[no-untyped-def]
    fields = {f"q{key}": str(q) for key, q in zip(ids_des_offres(semaine_id), quantites, strict=False)}
    return visit.poster(f"/coordination/composition/{CODE}", "/coordination/composition", action=action, **fields)


def avancer(visit: Visite, geste: str, code: str = CODE) -> str:
    answer = visit.poster(f"/coordination/{code}/{geste}", "/coordination")
    assert answer.status_code == 303
    return visit.lire(answer.location).text.replace("\xa0", " ")


def en_une_commande(visit: Visite, app: Flask, semaine_id: int) -> Visite:
    """The week published, closed and ordered; somebody who signs in on Monday morning."""
    composer(visit, semaine_id, "publier", 1_000, 1_000, 1_000, 2)
    clock.set_now(LUNDI)
    monday = connecte_en(app, Role.COORDINATION)
    avancer(monday, "cloturer")
    avancer(monday, "commander")
    return monday

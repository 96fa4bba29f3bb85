"""A small maison that is full, and who waits for a place there."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from kernel import clock
from kernel.db import transaction
from paniers.abonnements import quitter, souscrire
from paniers.attente import accepter_place, quitter_attente, rejoindre_attente
from paniers.choix import choisir
from paniers.models.attente import Attente
from paniers.models.semaines import NatureChoix
from paniers.verifications import places as verifications_places
from tests import fabriques
from tests.paniers.bourg import Bourg, batir, compter

SEMAINE = timedelta(days=7)


@pytest.fixture
def bourg(base: str) -> Bourg:
    with transaction() as session:
        return batir(session, semaines=5)


@pytest.fixture
def petite(bourg: Bourg) -> int:
    """A maison of two places, both taken."""
    with transaction() as session:
        place = fabriques.maison(session, places=2).id
    for _ in range(2):
        abonner(bourg, place)
    return place


def foyer(bourg: Bourg) -> int:
    with transaction() as session:
        return fabriques.foyer(session, maison_id=bourg.maisons[0]).id


def abonner(bourg: Bourg, maison: int, nombre: int = 1, foyer_id: int | None = None, **avant: float) -> int:
    who = foyer_id or foyer(bourg)
    at = bourg.avant(**(avant or {"days": 5}))
    with transaction() as session:
        return souscrire(session, foyer_id=who, maison_id=maison, nombre=nombre, instant=at).id


def attendre(bourg: Bourg, maison: int, nombre: int = 1, foyer_id: int | None = None, **avant: float) -> int:
    who = foyer_id or foyer(bourg)
    at = bourg.avant(**(avant or {"days": 4}))
    with transaction() as session:
        return rejoindre_attente(session, foyer_id=who, maison_id=maison, nombre=nombre, instant=at).id


def partir(maison: int, instant: datetime) -> None:
    """The first subscriber of the maison leaves."""
    with transaction() as session:
        first = session.execute(
            text(
                "SELECT abonnement_id FROM abonnement_version WHERE maison_id = :m AND jusqu_a IS NULL AND NOT quitte"
                " ORDER BY abonnement_id LIMIT 1"
            ),
            {"m": maison},
        ).scalar_one()
        quitter(session, first, instant=instant)


def lire(attente_id: int) -> Attente:
    with transaction() as session:
        return session.get_one(Attente, attente_id)


def etats(*attentes: int) -> list[str]:
    return [lire(attente).etat for attente in attentes]


def faits(name: str) -> int:
    return compter("SELECT count(*) FROM outbox_fact WHERE name = :name", name=name)


def accepter(attente_id: int, instant: datetime) -> int:
    with transaction() as session:
        return accepter_place(session, attente_id, instant=instant)


def tient(instant: datetime) -> bool:
    """All rules hold once the timetable's grace after `instant` is over."""
    clock.set_now(instant + verifications_places.GRACE)
    with transaction() as session:
        assert verifications_places.verifier(session) == []
    return True


def quitter_attente_(attente_id: int, instant: datetime) -> None:
    with transaction() as session:
        quitter_attente(session, attente_id, instant=instant)


def visiter(bourg: Bourg, abonnement_id: int, maison: int, instant: datetime, semaine: int = 0) -> None:
    with transaction() as session:
        choisir(
            session,
            abonnement_id,
            bourg.semaines[semaine],
            NatureChoix.AUTRE_MAISON,
            maison_id=maison,
            instant=instant,
        )

"""A small week for the tests of the team's pages: one closed, ordered, at two maisons; and a count of statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from kernel import clock
from kernel.clock import paris
from kernel.db import get_engine, transaction
from paniers.documents.bons_retrait import texte_du_bon
from paniers.models.semaines import Panier, Semaine
from tests import fabriques

JEUDI = date(2026, 11, 26)
DIX_SEPT_HEURES = paris(JEUDI, time(17))


@dataclass(frozen=True)
class Monde:
    """Keys of what was made; `ici` and `ailleurs` are maisons, `samira` a basket here and `autre` one elsewhere."""

    semaine_id: int
    code: str
    ici: int
    ailleurs: int
    samira: int
    zoe: int
    autre: int


def monde(instant: datetime = DIX_SEPT_HEURES) -> Monde:
    clock.set_now(instant)
    with transaction() as session:
        here, there = fabriques.maison(session, nom="Capuche"), fabriques.maison(session, nom="Abbaye")
        week = fabriques.semaine(session, JEUDI, etat="commandee")
        _composee(session, week)
        samira = panier(session, week, here.id, "Samira", "Benali")
        zoe = panier(session, week, here.id, "Zoé", "L’Hostis", nombre=2)
        other = panier(session, week, there.id, "Mamadou", "Diallo")
        return Monde(week.id, week.code, here.id, there.id, samira.id, zoe.id, other.id)


def panier(session: Session, week: Semaine, maison_id: int, prenom: str, nom: str, *, nombre: int = 1) -> Panier:
    household = fabriques.foyer(session, prenom=prenom, nom=nom, maison_id=maison_id)
    subscription = fabriques.abonnement(session, household.id, maison_id, nombre=nombre)
    return fabriques.panier(session, week.id, subscription, maison_id, nombre=nombre)


def bon(panier_id: int) -> str:
    """The text of a basket's voucher."""
    with transaction() as session:
        basket = session.get_one(Panier, panier_id)
        return texte_du_bon(session.get_one(Semaine, basket.semaine_id), basket.bon)


def etat(panier_id: int) -> str:
    with transaction() as session:
        return session.get_one(Panier, panier_id).etat


def veut_donner(panier_id: int) -> None:
    """The basket as a closing makes it of its family's wish to give it."""
    with transaction() as session:
        session.execute(text("ALTER TABLE panier DISABLE TRIGGER a_donner_stays_frozen"))
        session.execute(text("UPDATE panier SET a_donner = true WHERE id = :p"), {"p": panier_id})
        session.execute(text("ALTER TABLE panier ENABLE TRIGGER a_donner_stays_frozen"))


@contextmanager
def comptees() -> Iterator[list[str]]:
    """The SQL statements sent meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(get_engine(), "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(get_engine(), "before_cursor_execute", note)


def _composee(session: Session, week: Semaine) -> None:
    farm = fabriques.producteur(session, nom="La ferme des Quatre Vents")
    names = ("Carotte", "Poireau", "Pomme", "Navet")
    offers = [fabriques.offre(session, week.id, farm.id, fabriques.produit(session, name).id) for name in names]
    fabriques.composition(session, week.id, {offer.id: 875 for offer in offers})

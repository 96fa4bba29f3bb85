"""A town before and after a cut-off, for the tests of families' and producers' pages."""

from dataclasses import dataclass
from datetime import date, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from foyers.models import Compte
from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.web.access import ALL, Access, Role, declaration
from paniers.models.producteurs import Commande, CommandeLigne, Offre
from paniers.models.semaines import Choix
from tests import fabriques

JEUDI = date(2026, 11, 26)
SAMEDI = paris(date(2026, 11, 21), time(10))
LUNDI = paris(date(2026, 11, 23), time(9))
CODE = "2026-W48"
SUIVANT = "2026-W49"


@dataclass(frozen=True)
class Ville:
    """Keys of what was made: three weeks, two maisons, a household that subscribes and one that does not."""

    semaines: tuple[int, ...]
    ici: int
    ailleurs: int
    samira: Compte
    foyer_id: int
    abonnement_id: int
    amadou: Compte
    autre_foyer: int


def ville(*, places: int = 100) -> Ville:
    clock.set_now(SAMEDI)
    with transaction() as session:
        here = fabriques.maison(session, nom="Capuche", places=places)
        there = fabriques.maison(session, nom="Abbaye")
        fabriques.grille(session)
        weeks = [fabriques.semaine(session, JEUDI + timedelta(weeks=n)) for n in range(3)]
        subscribed = fabriques.foyer(session, prenom="Samira", maison_id=here.id)
        subscription = fabriques.abonnement(session, subscribed.id, here.id)
        newcomer = fabriques.foyer(session, prenom="Amadou", maison_id=here.id)
        return Ville(
            tuple(week.id for week in weeks),
            here.id,
            there.id,
            fabriques.compte(session, foyer_id=subscribed.id),
            subscribed.id,
            subscription.id,
            fabriques.compte(session, foyer_id=newcomer.id),
            newcomer.id,
        )


def compose(semaine_id: int) -> None:
    """A published basket of one product."""
    with transaction() as session:
        farm = fabriques.producteur(session, nom="Ferme des Alpins")
        product = fabriques.produit(session, "Carotte")
        offer = fabriques.offre(session, semaine_id, farm.id, product.id, variete="Nantaise")
        fabriques.composition(session, semaine_id, {offer.id: 700})


@dataclass(frozen=True)
class Commandee:
    """An order of one producer who has an account, and another producer's."""

    commande_id: int
    autre_commande: int
    claude: Compte
    producteur_id: int
    semaine_id: int
    produit_id: int


def commandee() -> Commandee:
    clock.set_now(LUNDI)
    with transaction() as session:
        place = fabriques.maison(session, nom="Capuche")
        week = fabriques.semaine(session, JEUDI, etat="commandee")
        account = fabriques.compte(session, Role.PRODUCTEUR)
        farm = fabriques.producteur(session, nom="Ferme des Alpins", compte_id=account.id)
        other = fabriques.producteur(session, nom="Vergers du Drac")
        product = fabriques.produit(session, "Carotte")
        orders = [
            _commande(session, fabriques.offre(session, week.id, producer, product.id), place.id, rank)
            for rank, producer in enumerate((farm.id, other.id), 1)
        ]
        household = fabriques.foyer(session, prenom="Samira", nom="Benali", maison_id=place.id)
        subscription = fabriques.abonnement(session, household.id, place.id)
        fabriques.panier(session, week.id, subscription, place.id)
        return Commandee(orders[0], orders[1], account, farm.id, week.id, product.id)


def _commande(session: Session, offer: Offre, place: int, rank: int) -> int:
    order = Commande(
        semaine_id=offer.semaine_id, producteur_id=offer.producteur_id, numero=f"2026-48-0{rank}",
        livraison_le=JEUDI, emise_le=LUNDI, total_ht=2700, tva=149,
    )  # fmt: skip
    session.add(order)
    session.flush()  # its id goes into the line
    session.add(CommandeLigne(commande_id=order.id, offre_id=offer.id, maison_id=place, quantite=15_000))
    return order.id


def choix(abonnement_id: int) -> list[tuple[int, str]]:
    """The household's wishes: (week, nature)."""
    with reading() as session:
        found = session.execute(
            select(Choix.semaine_id, Choix.nature).where(Choix.abonnement_id == abonnement_id).order_by(Choix.id)
        )
        return [(week, nature) for week, nature in found]


def compter(table: str) -> int:
    with reading() as session:
        return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def faits(nom: str) -> int:
    """How many facts of that name have been published."""
    with reading() as session:
        return int(
            session.execute(text("SELECT count(*) FROM outbox_fact WHERE name = :nom"), {"nom": nom}).scalar_one()
        )


def mots(page: TestResponse) -> str:
    """A page's text, its no-break spaces as plain ones."""
    return page.text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def ouvrir_a_tous(app: Flask, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a route's predicate away: what it keeps from others opens."""
    view = app.view_functions[endpoint]
    declared = declaration(view)
    assert declared is not None
    monkeypatch.setattr(view, "access", Access(declared.roles, ALL))

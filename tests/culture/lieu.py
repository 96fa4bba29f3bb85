"""A venue before an outing: its link, what it has read, the mails and vouchers it gets."""

from datetime import datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from culture import horaires_partenaires
from culture.liens import jeton_du_lieu
from culture.models.soiree import Contremarque
from kernel import clock
from kernel.clock import PARIS, paris
from kernel.db import reading, transaction
from kernel.mail import Mail
from tests.culture.bourg import SOIR, Saison, batir
from tests.foyers.visite import Visite

J_7 = paris(SOIR.astimezone(PARIS).date() - timedelta(days=7), time(9))


J_1 = paris(SOIR.astimezone(PARIS).date() - timedelta(days=1), time(9))


@pytest.fixture
def saison(app: Flask) -> Saison:
    with transaction() as session:
        return batir(session, titre="Cyrano", privilege="Rencontre avec la troupe", besoins=["fauteuil", "lsf"])


@pytest.fixture
def theatre(app: Flask) -> Visite:
    """Somebody of the venue: no account, a browser."""
    return Visite(app)


def lien(saison: Saison, sortie: int | None = None) -> str:
    return f"/lieu/{jeton_du_lieu(sortie or saison.sortie, saison.lieu)}"


def lignes(saison: Saison) -> list[Contremarque]:
    with reading() as session:
        query = select(Contremarque).where(Contremarque.sortie_id == saison.sortie).order_by(Contremarque.version)
        return list(session.scalars(query))


def passer(instant: datetime) -> None:
    clock.set_now(instant)
    horaires_partenaires.tenir_les_lieux_au_courant(instant)


def courriels() -> list[Mail]:
    with reading() as session:
        return list(session.scalars(select(Mail).order_by(Mail.id)))

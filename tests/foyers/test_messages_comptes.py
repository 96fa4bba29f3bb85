"""A household is told that its account is open: once, by e-mail, whoever opened it; its paper says it without."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from foyers import dossiers, messages_comptes
from foyers.identifiants import Identifiant
from foyers.models import Compte
from foyers.models_messages import Message
from kernel.db import reading, transaction
from kernel.mail import Mail
from kernel.outbox import FactRow
from kernel.web.access import Role
from tests import fabriques
from tests.foyers.visite import Visite, connecte


@pytest.fixture
def maison(base: str) -> int:
    with transaction() as session:
        return fabriques.maison(session, nom="Capuche").id


def annoncer(fois: int = 1) -> None:
    """Deliver the facts, as the worker does."""
    with transaction() as session:
        facts = session.scalars(select(FactRow).where(FactRow.name == "CompteOuvert")).all()
        for fact in list(facts) * fois:
            messages_comptes.annoncer_ouverture(session, fact.payload["compte_id"])


def lu(what: Any) -> list[Any]:
    with reading() as session:
        return list(session.scalars(select(what)))


def test_a_family_that_signs_up_is_welcomed_once(app: Flask, maison: int) -> None:
    answer = Visite(app).poster(
        "/inscription", prenom="Samira", nom="Benali", identifiant="samira@exemple.fr",
        mot_de_passe="trois pommes dans le panier", maison=str(maison),
    )  # fmt: skip
    assert answer.status_code == 302
    annoncer(fois=2)
    (told,) = lu(Mail)
    assert told.recipient == "samira@exemple.fr"
    for part in (told.text, told.html):
        assert "Bonjour Samira" in part
        assert "samira@exemple.fr et votre mot de passe" in part
        assert "/ma-semaine" in part
        assert "Capuche" in part
        assert "trois pommes" not in part


def test_an_account_opened_at_the_counter_is_told_as_well(app: Flask, maison: int) -> None:
    with transaction() as session:
        household = fabriques.foyer(session, maison_id=maison).id
        agent = fabriques.compte(session, Role.AGENT, maisons=(maison,))
    visit = connecte(app, agent)
    assert visit.poster(f"/guichet/foyers/{household}/compte", identifiant="06 12 34 56 78").status_code == 200
    annoncer()
    (told,) = lu(Mail)
    assert "06 12 34 56 78" in told.text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_family_without_email_reads_it_on_its_paper_alone(base: str, maison: int) -> None:
    with transaction() as session:
        dossiers.ouvrir_foyer(
            session, prenom="Samira", nom="Benali", maison_id=maison,
            identifiant=Identifiant(telephone="+33612345678"), mot_de_passe="trois pommes dans le panier",
        )  # fmt: skip
    annoncer()
    assert lu(Mail) == []
    assert [message.voie for message in lu(Message)] == ["aucune"]


def test_a_closed_account_is_not_welcomed(base: str, maison: int) -> None:
    with transaction() as session:
        made = dossiers.ouvrir_foyer(
            session, prenom="Samira", nom="Benali", maison_id=maison,
            identifiant=Identifiant(email="samira@exemple.fr"), mot_de_passe="trois pommes dans le panier",
        )  # fmt: skip
        assert made.compte is not None
        session.get_one(Compte, made.compte.id).actif = False
    annoncer()
    assert lu(Message) == []

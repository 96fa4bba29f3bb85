"""Deliveries en souffrance, as the operator reads them."""

from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select, update

from kernel import operations
from kernel.db import reading, transaction
from kernel.outbox import Delivery, Fact, FactRow, publish
from kernel.web.access import Role
from paniers.events import BonsDemandes, CommandeEmise
from paniers.gestes import GESTES
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.monde_equipe import comptees


@dataclass(frozen=True, slots=True)
class EssaiRate(Fact):
    chose_id: int


@pytest.fixture
def operatrice(app: Flask) -> Visite:
    return connecte_en(app, Role.ADMINISTRATION)


def parquer(fact: Fact, actor: str, error: str = "ConnectionRefusedError: [Errno 111]", combien: int = 1) -> list[int]:
    """Deliveries of that fact that failed at every try."""
    with transaction() as session:
        publish(session, *[fact] * combien)
        session.flush()
        last = session.scalars(select(FactRow.id).order_by(FactRow.id.desc()).limit(combien)).all()
        session.execute(update(FactRow).values(expanded_at=FactRow.at))
        rows = [
            Delivery(fact_id=key, actor=actor, queue="documents", state="parked", attempts=7, error=error)
            for key in sorted(last)
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def etat(delivery_id: int) -> tuple[str, int]:
    with reading() as session:
        row = session.get_one(Delivery, delivery_id)
        return row.state, row.attempts


def bons_demandes() -> BonsDemandes:
    with transaction() as session:
        return BonsDemandes(fabriques.semaine(session).id, fabriques.maison(session, nom="Capuche").id)


def test_when_nothing_is_parked_the_page_says_so(operatrice: Visite) -> None:
    page = operatrice.lire("/operations").text
    assert "Tout est passé" in page
    assert "Les files sont vides" in page


def test_a_parked_delivery_is_told_in_plain_words(operatrice: Visite) -> None:
    parquer(bons_demandes(), "preparer_bons")
    page = operatrice.lire("/operations").text
    assert "Préparer les bons de retrait" in page
    assert "Capuche, paniers du jeudi 26 novembre" in page
    assert "L’autre côté ne répond pas" in page
    assert "preparer_bons" not in page


def test_an_error_names_nobody(operatrice: Visite) -> None:
    parquer(bons_demandes(), "preparer_bons", "KeyError: 'samira.benali@exemple.test 0612345678'")
    page = operatrice.lire("/operations").text
    assert "KeyError" in page
    assert "samira" not in page
    assert "0612345678" not in page


def test_an_actor_and_an_object_that_nobody_knows_any_more_are_still_listed(operatrice: Visite) -> None:
    parquer(EssaiRate(3), "acteur_disparu", "")
    parquer(CommandeEmise(999), "preparer_bon_commande", "<script>alert(1)</script>")
    page = operatrice.lire("/operations").text
    assert "Une tâche de fond" in page
    assert "Préparer le bon de commande" in page
    assert "<script>alert" not in page


def test_trying_again_gives_fresh_tries_once(operatrice: Visite) -> None:
    (one,) = parquer(bons_demandes(), "preparer_bons")
    answer = operatrice.poster(f"/operations/{one}/reessayer", "/operations")
    assert "C’est reparti" in operatrice.lire(answer.location).text
    assert etat(one) == ("due", 0)
    again = operatrice.poster(f"/operations/{one}/reessayer", "/operations")
    assert "déjà été reprise" in operatrice.lire(again.location).text


def test_all_are_tried_again_at_once(operatrice: Visite) -> None:
    keys = parquer(bons_demandes(), "preparer_bons", combien=3)
    page = operatrice.poster("/operations/reessayer", "/operations")
    assert "3 tâches" in operatrice.lire(page.location).text
    assert {etat(key) for key in keys} == {("due", 0)}


def test_what_waits_is_counted_by_queue(operatrice: Visite) -> None:
    keys = parquer(bons_demandes(), "preparer_bons", combien=2)
    with transaction() as session:
        session.execute(update(Delivery).where(Delivery.id.in_(keys)).values(state="due"))
        publish(session, EssaiRate(1))
    with reading() as session:
        seen = operations.circulation(session)
    assert seen.faits == 1
    assert [(queue.nom, queue.en_attente) for queue in seen.files] == [("documents", 2)]
    assert "documents" in operatrice.lire("/operations").text


def test_only_the_team_that_runs_the_service_sees_it(app: Flask) -> None:
    for role in (Role.HABITANT, Role.AGENT, Role.BENEVOLE, Role.PRODUCTEUR):
        visit = connecte_en(app, role)
        assert visit.lire("/operations").status_code == 403
        assert visit.poster("/operations/1/reessayer", "/mon-compte/mot-de-passe").status_code == 403
    assert connecte_en(app, Role.COORDINATION).lire("/operations").status_code == 200


def test_a_delivery_that_is_not_there_is_no_error(operatrice: Visite) -> None:
    for key in (0, 10**9):
        assert operatrice.poster(f"/operations/{key}/reessayer", "/operations").status_code == 303
    assert operatrice.poster("/operations/x/reessayer", "/operations").status_code == 404


def test_the_page_takes_as_many_queries_for_one_as_for_eighty(operatrice: Visite) -> None:
    def count() -> int:
        with comptees() as sent:
            operatrice.lire("/operations")
        return len(sent)

    fact = bons_demandes()
    parquer(fact, "preparer_bons")
    few = count()
    parquer(fact, "preparer_bons", combien=80)
    assert count() == few <= 12


def test_every_actor_of_the_circuit_has_words(app: Flask) -> None:
    from workers.circuit import ROUTES  # noqa: PLC0415  (it reads the settings, which the database has just set)

    known = app.extensions["operations_gestes"]
    actors = {actor for routes in ROUTES.values() for actor, _queue in routes}
    assert actors <= known.keys()
    assert known.keys() >= GESTES.keys()

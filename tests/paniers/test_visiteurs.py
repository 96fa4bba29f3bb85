"""Who comes for one week, or takes a second basket: only where that week has room."""

import pytest
from sqlalchemy import text

from kernel.db import transaction
from kernel.errors import Refus
from paniers.abonnements import changer_nombre
from tests.paniers.bourg import JEUDI, Bourg, compter
from tests.paniers.file_attente import abonner, bourg, partir, petite, tient, visiter

__all__ = ["bourg", "petite"]


def test_a_visitor_comes_only_where_that_week_has_room(bourg: Bourg, petite: int) -> None:
    guests = [abonner(bourg, bourg.maisons[0]) for _ in range(2)]
    partir(petite, bourg.avant(days=3))
    visiter(bourg, guests[0], petite, bourg.avant(days=2))
    with pytest.raises(Refus, match="n’a plus assez de place"):
        visiter(bourg, guests[1], petite, bourg.avant(days=1))
    visiter(bourg, guests[1], petite, bourg.avant(days=1), semaine=1)
    with pytest.raises(Refus, match="d’ailleurs"):
        abonner(bourg, petite, days=1)
    visiter(bourg, guests[0], petite, bourg.avant(hours=9))
    assert tient(bourg.avant(hours=9))


def test_a_second_basket_must_fit_where_one_visits_too(bourg: Bourg, petite: int) -> None:
    guest = abonner(bourg, bourg.maisons[0])
    partir(petite, bourg.avant(days=3))
    visiter(bourg, guest, petite, bourg.avant(days=2))
    with pytest.raises(Refus, match="n’a plus assez de place"), transaction() as session:
        changer_nombre(session, guest, nombre=2, instant=bourg.avant(days=1))
    partir(petite, bourg.avant(days=1))
    with transaction() as session:
        changer_nombre(session, guest, nombre=2, instant=bourg.avant(hours=9))
        changer_nombre(session, guest, nombre=2, instant=bourg.avant(hours=8))
    assert compter("SELECT nombre FROM abonnement_version WHERE abonnement_id = :a AND jusqu_a IS NULL", a=guest) == 2


def test_a_second_basket_must_fit_at_home(bourg: Bourg, petite: int) -> None:
    with transaction() as session:
        inhabitant = session.execute(
            text("SELECT min(abonnement_id) FROM abonnement_version WHERE maison_id = :m"), {"m": petite}
        ).scalar_one()
    with pytest.raises(Refus, match="complète"), transaction() as session:
        changer_nombre(session, inhabitant, nombre=2, instant=bourg.avant(days=1))
    with pytest.raises(Refus, match="un ou deux"), transaction() as session:
        changer_nombre(session, inhabitant, nombre=3, instant=bourg.avant(days=1))


def test_who_pauses_takes_no_room_elsewhere(bourg: Bourg, petite: int) -> None:
    guest = abonner(bourg, bourg.maisons[0])
    with transaction() as session:
        from_ = bourg.avant(days=2)
        session.execute(text("INSERT INTO pause (abonnement_id, du, au, posee_le) VALUES (:a, :j, :j, :le)"),
                        {"a": guest, "j": JEUDI, "le": from_})  # fmt: skip
    with pytest.raises(Refus, match="en pause"):
        visiter(bourg, guest, bourg.maisons[1], bourg.avant(days=1))

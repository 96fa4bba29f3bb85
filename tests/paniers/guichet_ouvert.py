"""The counter on a pick-up day: an agent, and how they scan."""

import pytest
from flask import Flask

from kernel.web.access import Role
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.monde_equipe import Monde, monde


@pytest.fixture
def ici(app: Flask) -> Monde:
    return monde()


@pytest.fixture
def agent(app: Flask, ici: Monde) -> Visite:
    return connecte_en(app, Role.AGENT, maisons=(ici.ici,))


def scanner(visit: Visite, code: str, maison: int | str):  # type: ignore[no-untyped-def]
    return visit.poster("/retrait/scan", "/retrait", code=code, maison=str(maison))

"""A browser of the tests: keeps cookies, follows a page's form with its CSRF token, as a person would."""

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from foyers.models import Compte
from kernel.db import transaction
from kernel.web.access import Role
from tests import fabriques
from tests.fabriques import MOT_DE_PASSE

_JETON = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Visite:
    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def lire(self, path: str) -> TestResponse:
        return self.client.get(path)

    def jeton(self, page: str) -> str:
        found = _JETON.search(self.client.get(page).text)
        assert found, f"no form on {page}"
        return found[1]

    def poster(self, path: str, page: str | None = None, /, **fields: Any) -> TestResponse:
        """Post the fields to `path` with the token of `page` (by default the same address)."""
        return self.client.post(path, data={"csrf_token": self.jeton(page or path), **fields})

    def entrer(self, compte: Compte, mot_de_passe: str = MOT_DE_PASSE, **fields: Any) -> TestResponse:
        name = compte.email or compte.telephone
        return self.poster("/connexion", identifiant=name, mot_de_passe=mot_de_passe, **fields)

    def cookie(self) -> str:
        found = self.client.get_cookie("session")
        assert found is not None
        return found.value


def connecte_en(app: Flask, role: Role, **given: Any) -> Visite:
    """A browser in which a new account of that role has signed in."""
    with transaction() as session:
        compte = fabriques.compte(session, role, **given)
    return connecte(app, compte)


def connecte(app: Flask, compte: Compte) -> Visite:
    """A browser in which that account has signed in."""
    visit = Visite(app)
    assert visit.entrer(compte).status_code == 302
    return visit

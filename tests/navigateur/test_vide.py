"""The same pages in a database that holds accounts and nothing else: each says so kindly."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from kernel.db import reading, transaction
from tests import fabriques
from tests.fabriques import MOT_DE_PASSE
from tests.navigateur.adresses import FICHIERS, NOUVELLE, ROLES, VISITEUR, adresses
from tests.navigateur.ecran import BUREAU, Ecran
from tests.navigateur.regard import capturer, examiner

pytestmark = pytest.mark.navigateur


@pytest.fixture
def site_vide(app: Flask) -> Iterator[str]:
    """The site on an empty database, served by a thread of this process."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_every_page_of_an_empty_town_says_so_kindly(
    site_vide: str, app: Flask, chromium: Browser, ecrans: list[Ecran]
) -> None:
    faults: list[str] = []
    read: set[str] = set()
    for qui in (VISITEUR, *(name for name in ROLES if name != NOUVELLE)):
        ecran = Ecran(chromium, site_vide, BUREAU)
        ecrans.append(ecran)
        compte_id = _entrer(ecran, qui)
        with reading() as session:
            wanted = list(adresses(app, session, qui, compte_id))
        for endpoint, path in wanted:
            if endpoint not in FICHIERS:
                faults += _lire(ecran, path, f"vide-{qui}-{endpoint}", connue=endpoint in read)
                read.add(endpoint)
    assert faults == []


def _entrer(ecran: Ecran, qui: str) -> int | None:
    if qui == VISITEUR:
        return None
    with transaction() as session:
        compte = fabriques.compte(session, ROLES[qui])
        compte_id, email = compte.id, compte.email
    ecran.entrer(str(email), MOT_DE_PASSE)
    return compte_id


def _lire(ecran: Ecran, path: str, nom: str, *, connue: bool) -> list[str]:
    """What there is not may be refused, by a page like the others."""
    with ecran.statut_attendu(404, 409):
        ecran.page.goto(ecran.site + path)
    capturer(ecran, nom)
    return examiner(ecran, connue=connue)

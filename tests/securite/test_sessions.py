"""Sign-in, sign-up and their throttles when Redis is away; what a door does before it opens; where it leads."""

from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app import create_app
from foyers.chemins import chemin_local
from kernel.db import reading, transaction
from kernel.settings import get_settings
from kernel.web.access import Role
from kernel.web.security import limiter
from paniers.liens import jeton_de_commande
from tests import fabriques
from tests.conftest import forget_settings
from tests.fabriques import MOT_DE_PASSE
from tests.securite.navigateurs import jeton_csrf, navigateur, routes
from tests.securite.objets import adresse
from tests.securite.scene import Scene

MAUVAIS = "ce n’est pas celui-là"


@pytest.fixture(params=["redis", "redis away"])
def installation(base: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application with its Redis, and without: throttling then counts in the process itself."""
    if request.param == "redis away":
        monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
        forget_settings()
    made = create_app()
    made.config.update(PROPAGATE_EXCEPTIONS=False)
    limiter._storage_dead = False
    limiter._fallback_storage.reset()
    yield made
    limiter._storage_dead = False


def essais(app: Flask, path: str, count: int, **fields: str) -> list[int]:
    client = navigateur(app)
    data = {"csrf_token": jeton_csrf(app), **fields}
    return [client.post(path, data=data).status_code for _ in range(count)]


def test_guesses_at_sign_in_wait(installation: Flask) -> None:
    with transaction() as session:
        account = fabriques.compte(session)
    told = essais(installation, "/connexion", 7, identifiant=account.email or "", mot_de_passe=MAUVAIS)
    assert told == [422] * 5 + [429] * 2


def test_pages_work_and_people_sign_in(installation: Flask) -> None:
    with transaction() as session:
        account = fabriques.compte(session)
    data = {"csrf_token": jeton_csrf(installation), "identifiant": account.email, "mot_de_passe": MOT_DE_PASSE}
    client = navigateur(installation)
    assert client.post("/connexion", data=data).status_code == 302
    assert client.get("/mon-foyer").status_code == 200


def test_sign_ups_wait(installation: Flask) -> None:
    assert essais(installation, "/inscription", 12, prenom="Zoé") == [422] * 10 + [429] * 2


def test_control_without_the_throttle_sign_ups_go_on(app: Flask, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", False)
    assert set(essais(app, "/inscription", 12, prenom="Zoé")) == {422}


def test_links_that_open_nothing_wait(installation: Flask) -> None:
    client = navigateur(installation)
    for path in ("/paiements/lien/", "/producteur/commande/", "/mot-de-passe/"):
        told = [client.get(f"{path}essai{n}").status_code for n in range(22)]
        assert told == [404] * 20 + [429] * 2, path


def test_a_good_link_is_never_throttled(app: Flask, scene: Scene) -> None:
    client = navigateur(app)
    path = f"/producteur/commande/{jeton_de_commande(scene.ici.commande)}"
    assert {client.get(path).status_code for _ in range(25)} == {200}


def test_a_stranger_does_not_wear_out_the_throttle_of_a_page_that_is_not_theirs(app: Flask, base: str) -> None:
    """The throttle of a private page counts by account: who has none is sent to the door before it counts."""
    client = navigateur(app)
    for _ in range(3):
        answer = client.post("/mon-compte/mot-de-passe", data={"csrf_token": jeton_csrf(app)})
        assert (answer.status_code, answer.location) == (302, "/connexion")
    assert not limiter._storage_dead, "and Redis is not believed to be away"


def test_a_form_sent_by_a_stranger_is_not_sent_again_after_sign_in(app: Flask, base: str) -> None:
    client = navigateur(app)
    token = {"csrf_token": jeton_csrf(app)}
    assert client.post("/mon-abonnement/quitter", data=token).location == "/connexion"
    assert client.get("/mon-foyer?a=b").location == "/connexion?suite=/mon-foyer%3Fa%3Db"


def test_a_cookie_of_another_key_is_nobody(app: Flask, scene: Scene) -> None:
    cookie = navigateur(app, scene.comptes[Role.HABITANT]).get_cookie("session")
    assert cookie is not None
    thief = app.test_client()
    for value in (cookie.value[:-2], cookie.value + "x", "A" * 3_000, "é", "..", ".eJw.x.y"):
        thief.set_cookie("session", value)
        assert thief.get("/mon-foyer").status_code == 302
    app.secret_key = "another key of the tests, long enough to sign"
    thief.set_cookie("session", cookie.value)
    assert thief.get("/mon-foyer").status_code == 302


LOIN = st.text(alphabet="/\\.:@?#%pirate\t\n\r \u2028\u00a0", min_size=1, max_size=24)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LOIN)
@example("//pirate")
@example("///pirate")
@example("////pirate")
@example("/\\pirate")
@example("/%5cpirate")
@example("/.//pirate")
@example("/@pirate")
@example("\t//pirate")
@example("/\u2028/pirate")
@example("https:/pirate")
@example("https:pirate")
def test_no_way_on_leads_to_another_site(asked: str) -> None:
    kept = chemin_local(asked)
    if kept is not None:
        assert host_of(kept) == "ici.example", asked


def host_of(path: str) -> str:
    """Where a browser would go from our site: the rules of the URL standard that matter here, written down."""
    cleaned = path.strip("".join(map(chr, range(33)))).translate({9: None, 10: None, 13: None}).replace("\\", "/")
    if cleaned.startswith("//"):
        return cleaned[2:].split("/")[0]
    scheme = cleaned.split(":")[0] if ":" in cleaned.split("/")[0] else ""
    return scheme or "ici.example"


def test_control_the_standard_rules_see_ways_that_lead_away() -> None:
    for asked in ("//pirate", "/\\pirate", "\t//pirate", "/\t/pirate", "https:pirate"):
        assert host_of(asked) != "ici.example", asked


@pytest.mark.parametrize("path", ["/connexion", "/inscription", "/inscription/quotient"])
def test_no_page_of_the_entrance_shows_a_way_that_leads_away(app: Flask, scene: Scene, path: str) -> None:
    # A stranger is led from the last page to the first, with the whole address as the way on: it is ours.
    for role in (None, Role.HABITANT) if path != "/inscription/quotient" else (Role.HABITANT,):
        client = navigateur(app, scene.comptes[role] if role else None)
        for asked in ("//pirate.example", "/\\pirate.example", "https://pirate.example", "javascript:alert(1)"):
            answer = client.get(path, query_string={"suite": asked})
            assert "pirate" not in (answer.location or "") + answer.text
            assert "javascript:" not in (answer.location or "") + answer.text


# PostgreSQL away


def test_without_the_database_every_page_says_so_kindly(
    app: Flask, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    browsers = {role: navigateur(app, scene.comptes[role] if role else None) for role in (None, *Role)}
    asked = [(adresse(app, rule, scene), method, declared) for rule, method, declared in routes(app)]
    without(monkeypatch)
    for path, method, declared in asked:
        asking: list[Role | None] = [min(declared.roles)] if declared.roles else [None, Role.HABITANT]
        for role in asking:
            data = {"csrf_token": jeton_csrf(app)} if method == "POST" else None
            answer = browsers[role].open(path, method=method, data=data, buffered=True)
            assert answer.status_code != 500, (path, method, role)
            if declared.roles:
                assert answer.status_code == 503, (path, method, role)
                assert "Rien n’est perdu" in answer.text


def without(monkeypatch: pytest.MonkeyPatch) -> None:
    address = get_settings().database_url
    with reading() as session:
        name = session.execute(text("SELECT current_database()")).scalar_one()
    monkeypatch.setenv("DATABASE_URL", address.replace(f"/{name}", "/absente", 1))
    forget_settings()


def test_health_tells_the_truth(app: Flask, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    client = navigateur(app, scene.comptes[Role.HABITANT])
    ready = client.get("/pret")
    assert ready.json is not None
    assert (ready.json["base"], ready.json["redis"]) == (True, True)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    forget_settings()
    ready = client.get("/pret")
    assert (ready.status_code, ready.json) == (503, {"base": True, "redis": False, "relais": True})
    without(monkeypatch)
    ready = client.get("/pret")
    assert (ready.status_code, ready.json) == (503, {"base": False, "redis": False, "relais": False})
    alive = client.get("/sante")
    assert (alive.status_code, alive.json) == (200, {"etat": "vivant"})


def test_health_tells_of_a_relay_that_is_late(app: Flask, scene: Scene) -> None:
    with transaction() as session:
        session.execute(
            text("INSERT INTO outbox_fact (name, payload, at) VALUES ('X', '{}', now() - interval '5 minutes')")
        )
    ready = app.test_client().get("/pret")
    assert (ready.status_code, ready.json) == (503, {"base": True, "redis": True, "relais": False})

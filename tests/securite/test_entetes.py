"""CSRF on every form, cookies, and the headers of every answer: over http, over https, for pages and for refusals."""

from collections.abc import Iterator, Mapping

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import create_app
from kernel import clock
from kernel.web.access import Role, public
from kernel.web.security import csrf
from paiements.liens import jeton
from tests.conftest import forget_settings
from tests.empreintes import empreinte
from tests.securite.hostile import lisible
from tests.securite.navigateurs import EXEMPTES, jeton_csrf, methodes, navigateur, premier_role, regles, routes
from tests.securite.objets import adresse
from tests.securite.politique import NONCE, entetes, fautes, fautes_du_texte
from tests.securite.scene import Scene

# CSRF


def faux_jetons(app: Flask) -> dict[str, str | None]:
    return {"none": None, "empty": "", "garbled": "x.y.z", "somebody else's": jeton_csrf(app, "d" * 40)}


def sans_jeton(app: Flask, scene: Scene, wrong: Mapping[str, str | None]) -> list[tuple[str, str, int]]:
    """Posts with one of these tokens that were taken in, or that wrote something."""
    taken = []
    for rule in regles(app):
        if "POST" not in methodes(rule) or rule.endpoint in EXEMPTES:
            continue
        path = adresse(app, rule, scene)
        role = premier_role(app, rule.endpoint)
        client = navigateur(app, scene.comptes[role])
        before = empreinte()
        for kind, token in wrong.items():
            answer = client.post(path, data={} if token is None else {"csrf_token": token})
            if answer.status_code != 400 or empreinte() != before:
                taken.append((rule.endpoint, kind, answer.status_code))
            elif kind == "none":
                lisible(answer, path)
    return taken


@pytest.mark.usefixtures("sans_limite")
def test_no_form_is_taken_in_without_the_token_of_its_page(app: Flask, scene: Scene) -> None:
    assert sans_jeton(app, scene, faux_jetons(app)) == []


@pytest.mark.usefixtures("sans_limite")
def test_control_without_the_check_forms_are_taken_in(app: Flask, scene: Scene) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    assert len(sans_jeton(app, scene, {"none": None})) > 20


def test_only_what_is_said_to_be_is_exempt(app: Flask) -> None:
    views = {f"{view.__module__}.{view.__name__}": name for name, view in app.view_functions.items()}
    assert {views[path] for path in csrf._exempt_views} == set(EXEMPTES)
    assert not csrf._exempt_blueprints


# Cookies


@pytest.fixture
def https(base: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application as it is served behind https."""
    monkeypatch.setenv("PUBLIC_URL", "https://paniers.example")
    forget_settings()
    made = create_app()
    made.config.update(PROPAGATE_EXCEPTIONS=False)
    yield made
    clock.set_now(None)


def cookies(answer: TestResponse) -> str:
    return "\n".join(answer.headers.getlist("Set-Cookie"))


def test_over_https_the_cookie_is_bound_to_the_host_and_the_browser_stays_there(https: Flask) -> None:
    answer = https.test_client().get("/connexion", base_url="https://paniers.example")
    said = cookies(answer)
    assert said.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in said.split(";")}
    assert "Domain" not in said
    assert "max-age=31556926" in answer.headers["Strict-Transport-Security"]


def test_over_http_the_cookie_has_a_plain_name_and_nothing_promises_https(app: Flask, base: str) -> None:
    answer = app.test_client().get("/connexion")
    said = cookies(answer)
    assert said.startswith("session=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in said.split(";")}
    assert "Secure" not in said
    assert "Strict-Transport-Security" not in answer.headers
    assert "Domain" not in said


def test_plain_http_is_led_to_https_but_for_probes_inside_the_machine(https: Flask) -> None:
    client = https.test_client()
    assert client.get("/mon-prix").location.startswith("https://")
    assert client.get("/sante", base_url="http://127.0.0.1:8000").status_code == 200
    assert client.get("/pret", base_url="http://127.0.0.1:8000").status_code == 200
    through_proxy = client.get("/mon-prix", headers={"X-Forwarded-Proto": "https"})
    assert through_proxy.status_code == 200
    assert "Strict-Transport-Security" in through_proxy.headers


def test_a_file_that_caches_share_carries_no_cookie(app: Flask, scene: Scene) -> None:
    client = navigateur(app, scene.comptes[Role.HABITANT])
    with client.session_transaction() as cookie:
        cookie.permanent = True
    answer = client.get("/static/css/paniers.css", buffered=True)
    assert cookies(answer) == ""


def test_control_a_cookie_sent_again_each_time_would_go_with_the_file(app: Flask, scene: Scene) -> None:
    app.config["SESSION_REFRESH_EACH_REQUEST"] = True
    client = navigateur(app, scene.comptes[Role.HABITANT])
    with client.session_transaction() as cookie:
        cookie.permanent = True
    assert "session=" in cookies(client.get("/static/css/paniers.css", buffered=True))


# Headers


@pytest.mark.usefixtures("sans_limite")
def test_pages_of_a_town_whose_weeks_are_over_keep_the_policy_too(app: Flask, scene: Scene) -> None:
    """Full pages are looked at by test_droits, on its way through all of them."""
    clock.set_now(clock.now().replace(year=2031))
    for role in (None, *Role):
        client = navigateur(app, scene.comptes[role] if role else None)
        for rule, method, declared in routes(app):
            mine = not declared.roles or role in declared.roles
            if method == "GET" and mine and not rule.arguments:
                answer = client.get(rule.rule)
                entetes(answer, (rule.rule, role))
                assert fautes(answer) == [], (rule.rule, role)


def test_control_what_the_policy_forbids_is_found(app: Flask) -> None:
    policy = "script-src 'self' 'nonce-abc'"
    for bad in (
        '<p onclick="x()">',
        '<p style="color:red">',
        "<script>x()</script>",
        '<script src="/a.js" nonce="autre"></script>',
        '<a href="javascript:x()">',
        "<style>p{}</style>",
        '<img src="https://ailleurs.example/p.png">',
    ):
        assert fautes_du_texte(bad, policy), bad
    assert fautes_du_texte('<script src="/a.js" nonce="abc"></script><a href="https://x.fr">', policy) == []


def test_each_page_has_a_nonce_of_its_own(app: Flask) -> None:
    seen = {
        NONCE.findall(app.test_client().get("/mentions-legales").headers["Content-Security-Policy"])[0] for _ in "12345"
    }
    assert len(seen) == 5
    assert all(len(nonce) >= 16 for nonce in seen)


def refus(app: Flask, scene: Scene) -> dict[int, TestResponse]:
    """One refusal of each kind."""
    family = navigateur(app, scene.comptes[Role.HABITANT])
    app.view_functions["foyers.mentions"] = _casse
    answers = {
        400: family.post("/mon-foyer/quotient"),
        403: family.get("/guichet/foyers"),
        404: family.get("/nulle-part"),
        405: family.get("/deconnexion"),
        413: family.post("/mon-foyer/quotient", data={"x": "y" * 300_000}),
        416: family.get("/static/css/paniers.css", headers={"Range": "bytes=999999999-"}, buffered=True),
        422: family.post("/mon-foyer/quotient", data={"csrf_token": jeton_csrf(app)}),
        500: family.get("/mentions-legales"),
    }
    guess = {"csrf_token": jeton_csrf(app), "identifiant": "a@b.fr", "mot_de_passe": "pas le bon"}
    stranger = navigateur(app)
    answers[429] = [stranger.post("/connexion", data=guess) for _ in range(7)][-1]
    return answers


@public("a page that breaks")
def _casse() -> str:
    raise ZeroDivisionError


def test_refusals_carry_the_same_headers_and_speak_french(app: Flask, scene: Scene) -> None:
    for status, answer in refus(app, scene).items():
        assert answer.status_code == status
        entetes(answer, status)
        lisible(answer, status)
        assert fautes(answer) == [], status
        assert answer.headers["Cache-Control"] == "no-store, private", status


def test_refusals_of_the_client_do_not_blame_the_service(app: Flask, scene: Scene) -> None:
    answers = refus(app, scene)
    for status in (400, 404, 405, 413, 416, 429):
        assert "mal passé de notre côté" not in answers[status].text, status
    assert "mal passé de notre côté" in answers[500].text
    assert "ZeroDivision" not in answers[500].text
    assert "POST" in answers[405].headers["Allow"]


def test_style_scripts_and_drawings_are_kept_by_browsers(app: Flask, base: str) -> None:
    answer = app.test_client().get("/static/css/paniers.css", buffered=True)
    assert "max-age=3600" in answer.headers["Cache-Control"]
    assert "no-store" not in answer.headers["Cache-Control"]
    entetes(answer, "static")


def test_pages_behind_a_link_are_kept_by_nobody(app: Flask, scene: Scene) -> None:
    answer = app.test_client().get(f"/paiements/lien/{jeton(scene.ici.echeance)}")
    assert "5,50" in answer.text
    assert answer.headers["Cache-Control"] == "no-store, private"

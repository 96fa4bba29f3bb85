"""No form, query, path or header brings a 500: a French sentence, nothing half-written, hostile text shown as text.

Everything is generated: from the address map, and from the forms that the pages themselves show.
"""

import os
import re
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from kernel.web import refusals
from kernel.web.access import Role, public
from tests.empreintes import empreinte
from tests.securite.hostile import (
    BALISE,
    GABARIT,
    HOSTILES,
    PRODUIT,
    Formulaire,
    Temoin,
    formulaires,
    lisible,
    peut_manquer,
    remplir,
    sans_nombres,
)
from tests.securite.navigateurs import EXEMPTES, acces, jeton_csrf, methodes, navigateur, premier_role, regles
from tests.securite.objets import OBJETS, adresse
from tests.securite.scene import Scene

PARTS = 16
BLANCS = " "
"""What is typed, and is nothing: a field that asks for input alone lets it through."""

pytestmark = pytest.mark.usefixtures("sans_limite")

ROLES: tuple[Role | None, ...] = (None, *Role)
FUZZ = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
NUMBER, GENRE = re.compile(r"<int:[a-z_]+>"), "<any(pdf, csv):genre>"
FUZZ_LONG = settings(FUZZ, max_examples=2_500)


def envoyer(client: FlaskClient, witness: Temoin, form: Formulaire, data: MultiDict[str, str]) -> None:
    """Send the form by its own method, and judge the answer."""
    witness.avant()
    path = form.action.split("?")[0]
    if form.method == "POST":
        answer = client.post(path, data=data, buffered=True)
    else:
        answer = client.get(path, query_string=data, buffered=True)
    witness.juger(answer, (form.role, form.method, form.action, data))


def essais(app: Flask, form: Formulaire, values: list[str], *, alike: bool) -> list[MultiDict[str, str]]:
    """The form's right answers with one of them missing, replaced or repeated, in turn.

    With `alike` all fields have their turn, also the second of those that differ by the key of a row alone.
    """
    right = remplir(app, form)
    every = [name for name in right if name != "csrf_token"]
    names = every if alike else list({sans_nombres(name): name for name in every}.values())
    made = [MultiDict({k: v for k, v in right.items() if k != name}) for name in names]
    made += [MultiDict(right | {name: value}) for name in names for value in values]
    made += [MultiDict([*right.items(), *right.items(), (name, "autre")]) for name in names]
    return [*made, MultiDict(right | dict.fromkeys(every, "x" * 20_000))]


def attaquer(app: Flask, scene: Scene, share: int, first: int | None = None) -> Temoin:
    """Every form with blanks, and one hostile value in `share`, for each of its fields.

    With `first` all forms have the same values, from that one on, and fields that are alike all have their turn.
    """
    witness = Temoin()
    for number, form in enumerate(formulaires(app, scene)):
        client = navigateur(app, scene.comptes[form.role] if form.role else None)
        values = HOSTILES[(number if first is None else first) % share :: share]
        for data in essais(app, form, [BLANCS, *values], alike=first is not None):
            envoyer(client, witness, form, data)
    return witness


def test_every_form_answers_hostile_values_with_a_sentence(app: Flask, scene: Scene) -> None:
    witness = attaquer(app, scene, share=33)
    print("requests", witness.requetes, witness.reponses)
    assert witness.requetes > 300


@pytest.mark.long
@pytest.mark.parametrize("first", range(PARTS))
def test_every_form_answers_every_hostile_value_with_a_sentence(app: Flask, scene: Scene, first: int) -> None:
    witness = attaquer(app, scene, share=PARTS, first=first)
    print("requests", witness.requetes, witness.reponses)


TEXTES = st.sampled_from(HOSTILES) | st.text(max_size=60)
NOMS_CONNUS = """
    code maison nombre paiement mode echeance suite identifiant mot_de_passe prenom nom enfant canal email telephone
    valeur mois source motif du au reponse message variete quantite lot prix producteur produit action q etat semaine
    page qf tout offre actuel nouveau csrf_token q1 q2 page[] q[]
"""
ENTETES_CONNUS = """
    Accept Accept-Language Authorization Content-Type Cookie Host If-Modified-Since If-None-Match If-Range Origin
    Range Referer User-Agent X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-HTTP-Method-Override
"""
NOMS = st.sampled_from(NOMS_CONNUS.split()) | st.text(max_size=10)
CHAMPS = st.lists(st.tuples(NOMS, TEXTES), max_size=6)
ENTETES = st.dictionaries(
    st.sampled_from(ENTETES_CONNUS.split()),
    st.sampled_from(
        [
            "", "\x01", "é" * 2_000, "bytes=0-0,-1,5-2", "bytes=99999999999999999999-", "session=" + "A" * 5_000,
            "session=.eJwNyjEKgDAMAMC_ZBaxU0W_kjYxCE0KJXYQ_9462w0gjjU", "session=;;=,\\\"", "pirate.example",
            "a b:99999999",
            "application/json", "multipart/form-data", "multipart/form-data; boundary=", "text/plain; charset=utf-16",
            "Mon, 99 Foo 0000 99:99:99 GMT", "../../etc/passwd", "https", "[::1", "%00",
        ]
    ),
    max_size=3,
)  # fmt: skip
CORPS = st.one_of(
    CHAMPS.map(lambda fields: ("application/x-www-form-urlencoded", _encoder(fields))),
    st.sampled_from(
        [
            ("application/json", b'{"csrf_token": "x", "code": {"a": [1e999]}}'),
            ("application/json", b"[" * 5_000),
            ("text/xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
            ("multipart/form-data; boundary=b",
             b'--b\r\nContent-Disposition: form-data; name="code"\r\n\r\n\xff\xfe'),
            ("multipart/form-data; boundary=b", b"--b--\r\n--b\r\n\r\n"),
            ("multipart/form-data", b"--nothing"),
            ("multipart/form-data; boundary=b", b"".join(
                b'--b\r\nContent-Disposition: form-data; name="a%d"\r\n\r\nx\r\n' % n for n in range(1_200))),
            ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="code"; filename="../a\0b'
             b'.php"\r\nContent-Type: image/png\r\n\r\n<?php ?>\r\n--b--\r\n'),
            ("application/x-www-form-urlencoded", b"code=%ED%A0%80&maison=%FF%FE&&&===&%00=%00"),
            ("application/x-www-form-urlencoded", b"code=" + b"x" * 1_000_000),
            ("application/octet-stream", os.urandom(64)),
        ]
    ),
    st.binary(max_size=200).map(lambda raw: ("application/x-www-form-urlencoded", raw)),
)  # fmt: skip


def _encoder(fields: list[tuple[str, str]]) -> bytes:
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in fields).encode()


def _quoted(text: str) -> str:
    """Percent-encoded as it comes, lone surrogates included."""
    return quote(text.encode("utf-8", "surrogatepass"))


def tirer(app: Flask, scene: Scene, witness: Temoin, data: st.DataObject) -> None:
    """One request drawn at random from the address map."""
    rule = data.draw(st.sampled_from(regles(app)), label="rule")
    method = data.draw(st.sampled_from([*methodes(rule) * 8, "HEAD", "OPTIONS", "PUT", "TRACE"]), label="method")
    # Mostly somebody whom the page lets in: what is refused at the door says nothing of what stands behind it.
    role = data.draw(st.sampled_from([*sorted(acces(app, rule).roles) * 8, *ROLES]), label="role")
    path = adresse(app, rule, scene)
    hostile_address = data.draw(st.booleans(), label="hostile address")
    if rule.arguments and hostile_address:
        path = _adresse_hostile(rule.rule, data)
    query = _encoder(data.draw(CHAMPS, label="query")).decode()
    kind, body = data.draw(CORPS, label="body") if method == "POST" else ("", b"")
    headers = data.draw(ENTETES, label="headers")
    if method == "POST":
        headers = {"Content-Type": kind} | headers | {"X-CSRFToken": jeton_csrf(app)}
    client = navigateur(app, scene.comptes[role] if role else None)
    witness.connu = None
    witness.avant()
    answer = client.open(path, method=method, query_string=query, data=body or None, headers=headers, buffered=True)
    if method in ("HEAD", "OPTIONS", "TRACE", "PUT"):
        assert answer.status_code < 500 or peut_manquer(path), (method, path)
        return
    witness.juger(answer, (role, method, path, query[:300], headers, body[:300]))


def _adresse_hostile(rule: str, data: st.DataObject) -> str:
    """The rule's address with hostile text in place of each argument."""
    for name in [*OBJETS, "jeton"]:
        for kind in ("int:", "path:", "any(pdf, csv):", "any(cloturer, commander, livrer, terminer):", ""):
            if f"<{kind}{name}>" in rule:
                value = data.draw(TEXTES | st.integers().map(str) | st.just("1" + "0" * 30), label=name)
                rule = rule.replace(f"<{kind}{name}>", _quoted(value)[:4_000] or "%20")
    return rule


@FUZZ
@given(data=st.data())
def test_requests_drawn_from_the_address_map_bring_no_500(app: Flask, scene: Scene, data: st.DataObject) -> None:
    tirer(app, scene, Temoin(), data)


@pytest.mark.long
@FUZZ_LONG
@given(data=st.data())
def test_thousands_of_requests_drawn_from_the_address_map_bring_no_500(
    app: Flask, scene: Scene, data: st.DataObject
) -> None:
    tirer(app, scene, Temoin(), data)


def test_a_body_of_json_is_refused_by_every_form_however_deep(app: Flask, scene: Scene) -> None:
    witness, headers = Temoin(), {"X-CSRFToken": jeton_csrf(app), "Content-Type": "application/json"}
    for rule in regles(app):
        if "POST" in methodes(rule) and rule.endpoint not in EXEMPTES:
            client = navigateur(app, scene.comptes[premier_role(app, rule.endpoint)])
            path = adresse(app, rule, scene)
            witness.connu = None
            witness.avant()
            witness.juger(client.post(path, data=b"[" * 5_000, headers=headers), path)
    assert witness.requetes > 50


def test_a_body_that_is_too_big_is_told_so_on_every_form(app: Flask, scene: Scene) -> None:
    body = b"csrf_token=" + jeton_csrf(app).encode() + b"&code=" + b"x" * 1_000_000
    paths = [adresse(app, rule, scene) for rule in regles(app) if "POST" in methodes(rule)]
    client = navigateur(app, scene.comptes[Role.HABITANT])
    before = empreinte()
    for path in paths:
        answer = client.post(path, data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 413, path
        lisible(answer, path)
    assert empreinte() == before


def test_a_number_that_no_row_can_have_names_no_row(app: Flask, scene: Scene) -> None:
    """Beyond a bigint, then beyond what Python reads as a number."""
    numbered = [rule for rule in regles(app) if "<int:" in rule.rule]
    assert len(numbered) > 15
    client = navigateur(app, scene.comptes[Role.COORDINATION])
    for rule in numbered:
        for digits in ("9" * 19, "9" * 5_000, "٣"):
            path = NUMBER.sub(digits, rule.rule).replace("<code>", scene.code).replace(GENRE, "pdf")
            answer = client.open(path, method=methodes(rule)[0], data={"csrf_token": jeton_csrf(app)})
            assert answer.status_code == 404, path[:60]
            lisible(answer, path[:60])


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/%2fetc/passwd",
        "/static/css/%00",
        "/static/" + "a" * 3_000,
        "/static/css",
        "//static/css/paniers.css",
        "/.env",
        "/.git/config",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/bon/../app.py",
    ],
)
def test_no_address_leads_out_of_what_is_served(app: Flask, base: str, path: str) -> None:
    answer = app.test_client().get(path, buffered=True)
    assert answer.status_code in (302, 308, 404)
    assert "create_app" not in answer.text
    assert "root:" not in answer.text


# Negative controls: each judge sees what it is there for.


def test_control_a_bug_is_seen(app: Flask, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    @public("a page that breaks")
    def broken() -> str:
        return str(1 // 0)

    monkeypatch.setitem(app.view_functions, "paniers.simulateur", broken)
    with pytest.raises(AssertionError):
        Temoin().juger(app.test_client().get("/mon-prix"), "control")


def test_control_markup_and_templates_that_come_through_are_seen(app: Flask, base: str) -> None:
    with app.test_request_context("/"):
        page = refusals.page(400, "Voici.")[0]
    lisible(app.response_class(page, 400), "nothing came through")
    for shown in (BALISE, PRODUIT):
        with pytest.raises(AssertionError):
            lisible(app.response_class(page.replace("Voici.", shown), 400), shown)
    assert app.jinja_env.from_string(GABARIT).render() == PRODUIT


def test_control_a_refusal_that_writes_is_seen(app: Flask, scene: Scene) -> None:
    witness = Temoin()
    witness.avant()
    adresse(app, next(rule for rule in regles(app) if rule.endpoint == "paniers.lever_une_pause"), scene)
    with pytest.raises(AssertionError, match="a refusal has written"):
        witness.juger(app.test_client().get("/nulle-part"), "control")

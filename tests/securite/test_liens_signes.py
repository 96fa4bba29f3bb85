"""Signed links and vouchers: forged, cut, made for another purpose, too old; opening one changes nothing."""

import base64
import random
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import text

from culture.liens import LIEU
from foyers import oubli
from kernel import clock, qr
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.links import Link
from kernel.settings import get_settings
from kernel.web.access import Role
from paiements.liens import PAIEMENT
from paniers.documents.bons_retrait import texte_du_bon
from paniers.liens import COMMANDE, OFFRES, PLACE, RENOUVELLEMENT, jeton_d_offres, jeton_de_place
from paniers.models.semaines import Panier, Semaine
from tests.empreintes import empreinte
from tests.securite.hostile import lisible
from tests.securite.navigateurs import jeton_csrf, navigateur
from tests.securite.objets import OBJETS
from tests.securite.objets_de_la_culture import lien_de_lieu
from tests.securite.objets_des_paniers import jeton_d_oubli, jeton_de_terme, place_offerte
from tests.securite.scene import JEUDI, Cote, Scene

pytestmark = pytest.mark.usefixtures("sans_limite")

LIENS: dict[str, Link] = {
    "/paiements/lien/": PAIEMENT,
    "/producteur/commande/": COMMANDE,
    "/producteur/semaine/": OFFRES,
    "/mot-de-passe/": oubli.LIEN,
    "/place/": PLACE,
    "/renouveler/": RENOUVELLEMENT,
    "/lieu/": LIEU,
}
PREFIXES = sorted(LIENS)


def bon(scene: Scene, prefix: str) -> str:
    """A good token of that kind."""
    if prefix == "/producteur/semaine/":
        return jeton_d_offres(scene.ici.ferme, scene.semaine + 1)
    if prefix in ("/paiements/lien/", "/producteur/commande/"):
        return LIENS[prefix].sign(scene.ici.echeance if prefix.startswith("/paie") else scene.ici.commande)
    with transaction() as session:
        if prefix == "/place/":
            return jeton_de_place(place_offerte(session))
        if prefix == "/lieu/":
            return lien_de_lieu(session, scene, scene.ici)
        return (
            jeton_de_terme(session, scene.ici) if prefix == "/renouveler/" else jeton_d_oubli(session, scene.ici.compte)
        )


def refuse(app: Flask, path: str, expected: int = 404) -> None:
    """Neither reading nor posting opens it; a page says what to do, and nothing is written."""
    client = navigateur(app)
    before = empreinte()
    for answer in (client.get(path), client.post(path, data={"csrf_token": jeton_csrf(app)})):
        assert answer.status_code == expected, path
        lisible(answer, path)
    assert empreinte() == before


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_good_link_opens(app: Flask, scene: Scene, prefix: str) -> None:
    """Control of all the refusals below."""
    assert navigateur(app).get(prefix + bon(scene, prefix)).status_code == 200


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_changed_or_cut_link_opens_nothing(app: Flask, scene: Scene, prefix: str) -> None:
    good = bon(scene, prefix)
    client = navigateur(app)
    draw = random.Random(22)
    for place in draw.sample(range(len(good)), 16):
        other = draw.choice([c for c in "ABCabc019-_" if c != good[place]])
        changed = good[:place] + other + good[place + 1 :]
        # The last letter of a base64 text has bits that say nothing: only a text of other bytes is another link.
        if _octets(changed) != _octets(good):
            assert client.get(prefix + changed).status_code == 404, (good, changed)
    for length in (*range(1, 8), len(good) - 2, len(good) - 6):
        assert client.get(prefix + good[:length]).status_code == 404, length
    refuse(app, prefix + "x" * 400)


def _octets(token: str) -> list[bytes]:
    parts = token.split(".")
    return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) if len(part) % 4 != 1 else b"?" for part in parts]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_link_made_for_another_purpose_or_by_another_key_opens_nothing(app: Flask, scene: Scene, prefix: str) -> None:
    for other in PREFIXES:
        if other != prefix:
            refuse(app, prefix + bon(scene, other))
    refuse(app, prefix + jeton_csrf(app))
    cookie = navigateur(app, scene.comptes[Role.HABITANT]).get_cookie("session")
    assert cookie is not None
    refuse(app, prefix + cookie.value)
    refuse(app, prefix + str(URLSafeTimedSerializer("another key" * 4, salt=LIENS[prefix].purpose).dumps(1)))


def test_control_links_of_one_purpose_would_open_one_anothers_pages(app: Flask, scene: Scene) -> None:
    same = replace(PAIEMENT, purpose=COMMANDE.purpose)
    assert navigateur(app).get("/producteur/commande/" + same.sign(scene.ici.commande)).status_code == 200
    assert len({link.purpose for link in LIENS.values()}) == len(LIENS)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_an_old_link_says_that_it_is(app: Flask, scene: Scene, prefix: str) -> None:
    with transaction() as session:  # the week takes offers for long, so that the link's own age is what closes it
        session.execute(text("UPDATE semaine SET offres_jusqu_a = offres_jusqu_a + interval '30 days'"))
    good, life = bon(scene, prefix), LIENS[prefix].lasts
    start = clock.now()
    clock.set_now(start + life - timedelta(seconds=2))
    assert navigateur(app).get(prefix + good).status_code == 200
    clock.set_now(start + life + timedelta(seconds=2))
    refuse(app, prefix + good, 410)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_link_of_a_row_that_is_gone_opens_nothing(app: Flask, scene: Scene, prefix: str) -> None:
    gone = {
        "/mot-de-passe/": [999_999, "0" * 16],
        "/renouveler/": [999_999, "2026-12-03"],
        "/lieu/": [999_999, 1],
    }.get(prefix, 999_999)
    refuse(app, prefix + LIENS[prefix].sign(gone), 410 if prefix == "/mot-de-passe/" else 404)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_opening_a_link_changes_nothing_however_it_is_opened(app: Flask, scene: Scene, prefix: str) -> None:
    """Mail programs and chat rooms fetch what they show; only the button of the page acts."""
    path = prefix + bon(scene, prefix)
    before = empreinte()
    client = navigateur(app)
    for headers in ({}, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"X-Moz": "prefetch"}):
        for method in ("GET", "HEAD", "OPTIONS"):
            assert client.open(path, method=method, headers=headers).status_code == 200
    assert client.get(path, query_string={"reponse": "confirmer", "nouveau": "x" * 14}).status_code == 200
    assert client.put(path, data={"reponse": "confirmer"}).status_code in (400, 405)
    assert client.get(path, headers={"X-HTTP-Method-Override": "POST"}).status_code == 200
    assert empreinte() == before


def test_control_the_button_of_the_page_does_act(app: Flask, scene: Scene) -> None:
    path = "/producteur/commande/" + bon(scene, "/producteur/commande/")
    before = empreinte()
    answer = navigateur(app).post(path, data={"csrf_token": jeton_csrf(app), "reponse": "confirmer"})
    assert answer.status_code == 303
    assert empreinte()["commande"] != before["commande"]


def test_a_link_opens_one_order_and_its_files_only(app: Flask, scene: Scene) -> None:
    client = navigateur(app)
    token = bon(scene, "/producteur/commande/")
    assert client.get(f"/producteur/commande/{token}/bon.pdf").status_code == 200
    assert client.get(f"/producteur/commandes/{scene.ici.commande}").status_code == 302, "it signs nobody in"
    assert client.get("/producteur/offres").status_code == 302


@pytest.mark.parametrize(
    ("prefix", "answer", "table"), [("/place/", "accepter", "attente"), ("/renouveler/", "", "abonnement_version")]
)
def test_the_button_of_a_familys_link_acts_once_and_signs_nobody_in(
    app: Flask, scene: Scene, prefix: str, answer: str, table: str
) -> None:
    path, client = prefix + bon(scene, prefix), navigateur(app)
    before = empreinte()
    for _again in range(2):
        given = {"csrf_token": jeton_csrf(app), "reponse": answer}
        assert client.post(path, data=given, follow_redirects=True).status_code == 200
    assert empreinte()[table] != before[table]
    once = empreinte()
    client.post(path, data={"csrf_token": jeton_csrf(app), "reponse": answer})
    assert empreinte() == once
    assert client.get("/ma-semaine").status_code == 302


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=80))
@example(".")
@example("..")
@example("...")
@example("MQ.aaaaaa.")
@example(".eJw.x.y")
@example("é" * 60)
def test_any_text_in_place_of_a_link_is_answered_by_a_sentence(token: str) -> None:
    for link in LIENS.values():
        with pytest.raises(Refus, match="Ce lien est incomplet ou abîmé"):
            link.read(token)


@pytest.fixture(autouse=True)
def reglages(base: str) -> None:
    """Settings for the tests that ask for no page."""


# Vouchers at the door


def billet(scene: Scene, cote: Cote) -> tuple[int, str]:
    """A basket of that side, and its voucher."""
    with transaction() as session:
        made = int(str(OBJETS["panier_id"].faire(session, scene, cote)))
        basket = session.get_one(Panier, made)
        return made, texte_du_bon(session.get_one(Semaine, scene.semaine), basket.bon)


def remis() -> int:
    with reading() as session:
        return session.query(Panier).filter(Panier.etat == "remis").count()


def faux(text: str, scene: Scene) -> list[str]:
    """Vouchers that must not pass: each differs from a good one by one thing."""
    draw = random.Random(22)
    raw = bytearray(base64.b32decode(text.removeprefix("PC1:") + "=" * (-(len(text) - 4) % 8)))
    made = []
    for bit in draw.sample(range(len(raw) * 8), 24):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        made.append("PC1:" + base64.b32encode(bytes(changed)).decode().rstrip("="))
    other = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    body = bytes(raw[: qr._LAYOUT.size])
    made.append("PC1:" + base64.b32encode(body + other.sign(qr._DOMAIN + body)).decode().rstrip("="))
    made += [text[:-1], text + "A", text.replace("PC1", "PC2"), "PC1:" + "A" * 400]
    made.append(qr.sign(uuid.uuid4(), JEUDI, JEUDI))  # genuine, of no basket
    last_week = qr.sign(uuid.uuid4(), JEUDI - timedelta(days=7), JEUDI - timedelta(days=6))
    return [*made, last_week]


def test_no_forged_expired_or_foreign_voucher_is_handed_anything(app: Flask, scene: Scene) -> None:
    _, text = billet(scene, scene.ici)
    _, elsewhere = billet(scene, scene.ailleurs)
    client = navigateur(app, scene.comptes[Role.BENEVOLE])
    form = {"csrf_token": jeton_csrf(app), "maison": str(scene.ici.maison)}
    for code in [*faux(text, scene), elsewhere]:
        answer = client.post("/retrait/scan", data=form | {"code": code})
        assert answer.status_code == 200, code
        lisible(answer, code)
        assert remis() == 0, code
    clock.set_now(clock.now() + timedelta(days=60))
    client = navigateur(app, scene.comptes[Role.BENEVOLE])
    client.post("/retrait/scan", data=form | {"code": text})
    assert remis() == 0, "too late"


def test_control_the_genuine_voucher_is_handed_its_basket(app: Flask, scene: Scene) -> None:
    _, text = billet(scene, scene.ici)
    client = navigateur(app, scene.comptes[Role.BENEVOLE])
    form = {"csrf_token": jeton_csrf(app), "maison": str(scene.ici.maison), "code": text}
    assert client.post("/retrait/scan", data=form).status_code == 200
    assert remis() == 1


def test_the_keys_of_the_tests_are_not_those_of_the_forger() -> None:
    assert b"x" * 32 not in get_settings().qr_keys.values()

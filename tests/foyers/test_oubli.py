"""A forgotten password: a link of ten minutes, used once, inert when it is only opened."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from foyers import oubli
from foyers.models import Compte, Connexion
from foyers.mots_de_passe import est_le_bon
from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.links import Link
from kernel.mail import Mail
from kernel.web.access import Role
from tests import fabriques
from tests.foyers.visite import Visite, connecte

NOUVEAU = "les poireaux sont arrivés"


@pytest.fixture
def compte(app: Flask) -> Compte:
    with transaction() as session:
        return fabriques.compte(session, Role.HABITANT)


def lien_recu() -> str:
    """The token in the last mail sent."""
    with reading() as session:
        text = session.scalars(select(Mail.text).order_by(Mail.id.desc()).limit(1)).one()
    found = re.search(r"/mot-de-passe/(\S+)", text)
    assert found
    return found.group(1)


def demander(compte: Compte) -> str:
    with transaction() as session:
        oubli.demander(session, compte.email or "")
    return lien_recu()


def mot_de_passe(compte: Compte) -> str:
    with reading() as session:
        return session.get_one(Compte, compte.id).mot_de_passe


def test_the_link_gives_another_password_and_signs_out_everywhere(app: Flask, compte: Compte) -> None:
    connecte(app, compte)
    visit = Visite(app)
    assert "Regardez vos e-mails" in visit.poster("/mot-de-passe-oublie", identifiant=compte.email).text
    token = lien_recu()
    answer = visit.poster(f"/mot-de-passe/{token}", nouveau=NOUVEAU)
    assert answer.status_code == 302
    assert est_le_bon(mot_de_passe(compte), NOUVEAU)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Connexion)) == 0


def test_opening_the_link_changes_nothing(app: Flask, compte: Compte) -> None:
    before, token = mot_de_passe(compte), demander(compte)
    client = app.test_client()
    for _ in range(2):
        assert client.get(f"/mot-de-passe/{token}").status_code == 200
    client.head(f"/mot-de-passe/{token}")
    assert mot_de_passe(compte) == before


def test_the_link_is_used_once(app: Flask, compte: Compte) -> None:
    token = demander(compte)
    with transaction() as session:
        oubli.remplacer(session, token, NOUVEAU)
    with pytest.raises(Refus, match="déjà servi"), transaction() as session:
        oubli.remplacer(session, token, "un autre mot de passe encore")
    assert est_le_bon(mot_de_passe(compte), NOUVEAU)
    assert app.test_client().get(f"/mot-de-passe/{token}").status_code == 410


def test_without_its_fingerprint_the_link_would_be_used_twice(compte: Compte, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oubli, "_empreinte", lambda compte: "")
    token = demander(compte)
    for password in (NOUVEAU, "un autre mot de passe encore"):
        with transaction() as session:
            oubli.remplacer(session, token, password)
    assert est_le_bon(mot_de_passe(compte), "un autre mot de passe encore")


def test_the_link_lasts_ten_minutes(compte: Compte) -> None:
    start = clock.now()
    token = demander(compte)
    clock.set_now(start + timedelta(minutes=9))
    with transaction() as session:
        assert oubli.verifier(session, token).id == compte.id
    clock.set_now(start + timedelta(minutes=11))
    with transaction() as session, pytest.raises(Refus, match="dix minutes"):
        oubli.verifier(session, token)


def test_another_links_token_opens_nothing(compte: Compte) -> None:
    other = Link("autre chose", timedelta(days=1), broken="non", too_old="non").sign([compte.id, ""])
    for token in (other, demander(compte)[:-2], "x" * 1000, ""):
        with transaction() as session, pytest.raises(Refus, match="incomplet"):
            oubli.verifier(session, token)


def test_an_unknown_address_is_answered_alike_and_gets_no_mail(app: Flask, compte: Compte) -> None:
    visit = Visite(app)
    known = visit.poster("/mot-de-passe-oublie", identifiant=compte.email)
    unknown = visit.poster("/mot-de-passe-oublie", identifiant="personne@exemple.test")
    nonce = re.compile(r'nonce="[^"]*"|value="[^"]*"')
    assert nonce.sub("", known.text) == nonce.sub("", unknown.text)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Mail)) == 1


def test_asking_is_throttled(app: Flask, compte: Compte) -> None:
    visit = Visite(app)
    answers = [visit.poster("/mot-de-passe-oublie", identifiant=compte.email).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]


def test_a_weak_password_is_refused_and_the_link_still_serves(app: Flask, compte: Compte) -> None:
    token = demander(compte)
    visit = Visite(app)
    assert visit.poster(f"/mot-de-passe/{token}", nouveau="court").status_code == 422
    assert visit.poster(f"/mot-de-passe/{token}", nouveau=NOUVEAU).status_code == 302

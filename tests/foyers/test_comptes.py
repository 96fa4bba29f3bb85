"""Signing in and out: new ids, dead cookies, throttled guesses, closed doors. On the real database and Redis."""

from datetime import date, time, timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from redis import Redis
from sqlalchemy import func, select, text

from foyers import comptes
from foyers.comptes import (
    DUREE_EQUIPE,
    DUREE_HABITANT,
    desactiver_compte,
    ouvrir_connexion,
    personne,
    purger_connexions,
)
from foyers.models import Compte, Connexion
from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.settings import get_settings
from kernel.web.access import Role
from kernel.web.security import limiter
from tests import fabriques
from tests.conftest import forget_settings
from tests.fabriques import MOT_DE_PASSE
from tests.foyers.visite import Visite, connecte

LUNDI = paris(date(2026, 11, 16), time(9))
MAUVAIS = "ce n’est pas celui-là"


@pytest.fixture(autouse=True)
def un_lundi(base: str) -> None:
    clock.set_now(LUNDI)


def creer(role: Role = Role.HABITANT, **given: object) -> Compte:
    with transaction() as session:
        return fabriques.compte(session, role, **given)  # type: ignore[arg-type]


def test_a_family_signs_in_by_e_mail_in_any_case_or_by_telephone(app: Flask) -> None:
    compte = creer(email="samira@exemple.test", telephone="+33612345678")
    for name in (" Samira@EXEMPLE.test", "06 12 34 56 78", "0033612345678"):
        visit = Visite(app)
        answer = visit.poster("/connexion", identifiant=name, mot_de_passe=MOT_DE_PASSE)
        assert answer.status_code == 302, name
        assert visit.lire("/mon-foyer").status_code == 200
    with reading() as session:
        assert session.scalar(select(func.count()).where(Connexion.compte_id == compte.id)) == 3


def test_only_a_hash_of_the_token_is_stored_and_none_of_the_password(app: Flask) -> None:
    compte = creer()
    with transaction() as session:
        token = ouvrir_connexion(session, compte)
    with reading() as session:
        row = session.scalars(select(Connexion)).one()
        whole = str(session.execute(text("SELECT c.*, x.* FROM compte c, connexion x")).all())
    assert token.encode() not in row.empreinte
    assert len(row.empreinte) == 32
    assert token not in whole
    assert MOT_DE_PASSE not in whole


def test_a_wrong_password_and_an_unknown_account_look_the_same(app: Flask) -> None:
    compte = creer()
    wrong = Visite(app).entrer(compte, MAUVAIS)
    unknown = Visite(app).poster("/connexion", identifiant="personne@exemple.test", mot_de_passe=MAUVAIS)
    assert wrong.status_code == unknown.status_code == 422
    assert "Nous ne reconnaissons pas ces réponses" in wrong.text
    assert "Nous ne reconnaissons pas ces réponses" in unknown.text
    assert MAUVAIS not in wrong.text


def test_a_stolen_cookie_is_dead_after_sign_out(app: Flask) -> None:
    visit, thief = connecte(app, creer()), Visite(app)
    thief.client.set_cookie("session", visit.cookie())
    assert thief.lire("/mon-foyer").status_code == 200
    assert visit.poster("/deconnexion", "/mon-foyer").status_code == 302
    assert thief.lire("/mon-foyer").status_code == 302
    assert visit.lire("/mon-foyer").status_code == 302


def test_control_without_the_removed_row_the_stolen_cookie_lives(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    visit, thief = connecte(app, creer()), Visite(app)
    thief.client.set_cookie("session", visit.cookie())
    monkeypatch.setattr(comptes, "fermer_connexion", lambda *_: None)
    visit.poster("/deconnexion", "/mon-foyer")
    assert thief.lire("/mon-foyer").status_code == 200


def test_a_cookie_planted_before_sign_in_is_worth_nothing_after_it(app: Flask) -> None:
    compte = creer()
    visit = Visite(app)
    visit.lire("/connexion")
    planted = visit.cookie()
    visit.entrer(compte)
    assert visit.cookie() != planted
    thief = Visite(app)
    thief.client.set_cookie("session", planted)
    assert thief.lire("/mon-foyer").status_code == 302


def test_signing_in_again_makes_a_new_id_and_closes_the_old_one(app: Flask) -> None:
    compte = creer()
    visit, old = connecte(app, compte), Visite(app)
    old.client.set_cookie("session", visit.cookie())
    token = visit.jeton("/mon-foyer")
    data = {"csrf_token": token, "identifiant": compte.email, "mot_de_passe": MOT_DE_PASSE}
    assert visit.client.post("/connexion", data=data).status_code == 302
    assert visit.lire("/mon-foyer").status_code == 200
    assert old.lire("/mon-foyer").status_code == 302


@pytest.mark.parametrize(("role", "life"), [(Role.HABITANT, DUREE_HABITANT), (Role.AGENT, DUREE_EQUIPE)])
def test_a_sign_in_ends_by_itself(base: str, role: Role, life: timedelta) -> None:
    compte = creer(role)
    with transaction() as session:
        token = ouvrir_connexion(session, compte)
    clock.set_now(LUNDI + life - timedelta(seconds=1))
    with reading() as session:
        assert personne(session, token) is not None
    clock.set_now(LUNDI + life)
    with transaction() as session:
        assert personne(session, token) is None
        assert purger_connexions(session) == 1
        assert session.scalar(select(func.count()).select_from(Connexion)) == 0


def test_a_closed_account_is_out_at_once(app: Flask) -> None:
    compte = creer()
    visit = connecte(app, compte)
    with transaction() as session:
        desactiver_compte(session, compte.id)
    assert visit.lire("/mon-foyer").status_code == 302
    assert Visite(app).entrer(compte).status_code == 422


def test_the_person_carries_role_household_and_maisons(base: str) -> None:
    with transaction() as session:
        places = tuple(fabriques.maison(session).id for _ in range(2))
        agent = fabriques.compte(session, Role.AGENT, maisons=places)
        token = ouvrir_connexion(session, agent)
    with reading() as session:
        found = personne(session, token)
    assert found is not None
    assert (found.compte_id, found.role, found.foyer_id) == (agent.id, Role.AGENT, None)
    assert found.maisons == frozenset(places)
    assert found.get_id() == token
    assert token not in repr(found)


def test_an_old_hash_is_made_anew_at_sign_in(app: Flask) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=64).hash(MOT_DE_PASSE)
    compte = creer(mot_de_passe=old)
    connecte(app, compte)
    with reading() as session:
        now = session.get_one(Compte, compte.id).mot_de_passe
    assert now != old
    connecte(app, compte)


def test_the_sixth_guess_in_a_minute_waits_even_with_the_right_password(app: Flask) -> None:
    compte = creer()
    for _ in range(5):
        assert Visite(app).entrer(compte, MAUVAIS).status_code == 422
    answer = Visite(app).entrer(compte)
    assert answer.status_code == 429
    assert "rien n’a été changé" in answer.text


def from_elsewhere(app: Flask, number: int, compte: Compte, password: str) -> int:
    """The answer to a sign-in from another address."""
    client = app.test_client()
    client.environ_base = {**client.environ_base, "REMOTE_ADDR": f"10.0.0.{number}"}
    visit = Visite(app)
    visit.client = client
    return visit.entrer(compte, password).status_code


def test_guesses_at_one_account_from_many_addresses_wait_too(app: Flask) -> None:
    compte = creer()
    assert [from_elsewhere(app, n, compte, MAUVAIS) for n in range(6)] == [422] * 5 + [429]


def test_guesses_at_many_accounts_from_one_address_wait_too(app: Flask) -> None:
    accounts = [creer() for _ in range(6)]
    assert [Visite(app).entrer(one, MAUVAIS).status_code for one in accounts] == [422] * 5 + [429]
    assert from_elsewhere(app, 9, accounts[5], MOT_DE_PASSE) == 302


def test_right_passwords_are_never_throttled(app: Flask) -> None:
    compte = creer()
    assert [Visite(app).entrer(compte).status_code for _ in range(12)] == [302] * 12


def test_control_without_the_throttle_guesses_go_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", False)
    compte = creer()
    assert {Visite(app).entrer(compte, MAUVAIS).status_code for _ in range(12)} == {422}


def test_the_throttle_keeps_no_address_and_no_number_of_a_person(app: Flask) -> None:
    compte = creer(email="samira.rare@exemple.test")
    Visite(app).entrer(compte, MAUVAIS)
    with Redis.from_url(get_settings().redis_url) as redis:
        keys = redis.keys("*")
    assert keys
    assert not [key for key in keys if b"samira" in key or b"exemple" in key]


@pytest.mark.parametrize("suite", ["https://pirate.example", "//pirate.example", "/\\pirate.example", "/\t/pirate.ex"])
def test_sign_in_leads_to_no_other_site(app: Flask, suite: str) -> None:
    answer = Visite(app).entrer(creer(), suite=suite)
    assert answer.status_code == 302
    assert "pirate" not in answer.location


def test_control_without_the_check_sign_in_leads_away(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foyers.chemins.chemin_local", lambda asked: asked)
    assert Visite(app).entrer(creer(), suite="https://pirate.example").location == "https://pirate.example"


def test_sign_in_leads_back_to_the_page_asked_for(app: Flask) -> None:
    compte = creer()
    visit = Visite(app)
    door = visit.lire("/mon-foyer/coordonnees")
    assert door.location == "/connexion?suite=/mon-foyer/coordonnees"
    page = visit.lire(door.location)
    assert 'value="/mon-foyer/coordonnees"' in page.text
    assert visit.entrer(compte, suite="/mon-foyer/coordonnees").location == "/mon-foyer/coordonnees"


def test_signing_out_takes_a_form_of_ours(app: Flask) -> None:
    visit = connecte(app, creer())
    assert visit.client.post("/deconnexion").status_code == 400
    assert visit.lire("/deconnexion").status_code == 405
    assert visit.lire("/mon-foyer").status_code == 200


def test_a_changed_password_signs_other_browsers_out(app: Flask) -> None:
    compte = creer()
    here, elsewhere = connecte(app, compte), connecte(app, compte)
    new = "quatre mots bien au hasard"
    refused = here.poster("/mon-compte/mot-de-passe", actuel=MAUVAIS, nouveau=new)
    assert refused.status_code == 422
    assert "pas votre mot de passe actuel" in refused.text
    assert here.poster("/mon-compte/mot-de-passe", actuel=MOT_DE_PASSE, nouveau=new).status_code == 302
    assert here.lire("/mon-foyer").status_code == 200
    assert elsewhere.lire("/mon-foyer").status_code == 302
    assert Visite(app).entrer(compte, new).status_code == 302


def test_a_database_away_gives_a_page_that_says_so(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = connecte(app, creer())
    with reading() as session:
        broken = session.get_bind().url.set(database="absente")  # type: ignore[union-attr]
    monkeypatch.setenv("DATABASE_URL", broken.render_as_string(hide_password=False))
    forget_settings()
    answer = visit.lire("/mon-foyer")
    assert answer.status_code == 503
    assert "Rien n’est perdu" in answer.text

"""Every route with what it declares, and browsers of every role to ask it."""

from collections.abc import Iterator

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.routing import Rule

from foyers.comptes import ouvrir_connexion
from foyers.models import Compte
from kernel.db import transaction
from kernel.web.access import Access, Role, declaration

RAW_TOKEN = "c" * 40


# Routes.


def regles(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))


def methodes(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"})


def acces(app: Flask, rule: Rule) -> Access:
    declared = declaration(app.view_functions[rule.endpoint])
    assert declared is not None, f"{rule.endpoint} does not say who may call it"
    return declared


def routes(app: Flask) -> Iterator[tuple[Rule, str, Access]]:
    """Each rule with each of its methods, and what it declares."""
    for rule in regles(app):
        for method in methodes(rule):
            yield rule, method, acces(app, rule)


# Browsers.


EXEMPTES = {
    "paiements.webhook": "Stripe calls it, and signs what it sends",
    "messages.regler_par_lien": "mail programs call the signed link in one click, without a page (RFC 8058)",
}


def premier_role(app: Flask, endpoint: str) -> Role:
    declared = declaration(app.view_functions[endpoint])
    return min(declared.roles) if declared is not None and declared.roles else Role.HABITANT


def navigateur(app: Flask, compte_id: int | None = None) -> FlaskClient:
    """A browser, signed in as that account; its forms' token is `jeton_csrf(app)`."""
    client = app.test_client()
    token = None
    if compte_id is not None:
        with transaction() as session:
            token = ouvrir_connexion(session, session.get_one(Compte, compte_id))
    base = "https://localhost" if app.config["SESSION_COOKIE_SECURE"] else None
    with client.session_transaction(base_url=base) as cookie:
        cookie["csrf_token"] = RAW_TOKEN
        if token is not None:
            cookie["_user_id"], cookie["_fresh"] = token, True
    return client


def jeton_csrf(app: Flask, raw: str = RAW_TOKEN) -> str:
    """What a page's form would carry for a browser of `navigateur`."""
    return str(URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps(raw))

"""Every route says who may call it, and answers so: each role, each method, and somebody else's objects.

All of it is generated from the address map, so that a route added tomorrow is tested tomorrow.
"""

from collections.abc import Callable
from itertools import combinations

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from kernel.web import access
from kernel.web.access import Access, Role, declaration, init_access, public
from tests.empreintes import empreinte
from tests.securite.navigateurs import jeton_csrf, navigateur, regles, routes
from tests.securite.objets import BORNES, OBJETS, adresse, objet
from tests.securite.politique import entetes, fautes
from tests.securite.scene import Cote, Scene

pytestmark = pytest.mark.usefixtures("sans_limite")

TOUS: tuple[Role | None, ...] = (None, *Role)
# Public, and yet not the same for all: (endpoint, role) → what is answered.
A_PART: dict[tuple[str, Role | None], int] = {
    ("paniers.s_abonner", role): 403 for role in Role if role is not Role.HABITANT
} | {("paiements.retour", role): 404 for role in (None, *Role)}  # it names no payment here


def demander(app: Flask, compte: int | None, method: str, address: str) -> TestResponse:
    """Call the address as that account, with a token that its pages would carry."""
    form = {"csrf_token": jeton_csrf(app)} if method == "POST" else None
    return navigateur(app, compte).open(address, method=method, data=form, buffered=True)


def test_every_route_says_who_may_call_it(app: Flask) -> None:
    assert [rule.endpoint for rule in regles(app) if declaration(app.view_functions[rule.endpoint]) is None] == []
    for _rule, _method, declared in routes(app):
        assert declared.roles or len(declared.why) > 10, "a public route says why"


def test_control_a_route_without_a_declaration_is_not_served() -> None:
    naked = Flask(__name__)
    naked.add_url_rule("/secret", view_func=lambda: "un secret")
    naked.add_url_rule("/page", endpoint="page", view_func=public("an example")(lambda: "une page"))
    init_access(naked)
    assert [rule.endpoint for rule in regles(naked) if declaration(naked.view_functions[rule.endpoint]) is None]
    assert naked.test_client().get("/page").text == "une page"
    assert naked.test_client().get("/secret").status_code == 500


def test_every_argument_of_every_address_says_whose_it_is(app: Flask) -> None:
    named = {name for rule in regles(app) for name in rule.arguments}
    assert named - {"jeton"} <= set(OBJETS), "say in objets.OBJETS what somebody else's is"


def test_a_predicate_stands_wherever_an_address_names_somebodys_object(app: Flask) -> None:
    """An owned object under MINE would be read by whoever counts up."""
    for rule, _method, declared in routes(app):
        owned = [name for name in rule.arguments if not objet(rule, name).a_tous]
        if owned and declared.roles & BORNES:
            assert declared.on not in (access.MINE, access.ALL), (rule.endpoint, owned)
        assert declared.roles or not owned, f"{rule.endpoint} is public and names {owned}"


@pytest.mark.parametrize("role", TOUS, ids=str)
def test_every_route_answers_each_role_as_it_declares(app: Flask, scene: Scene, role: Role | None) -> None:
    wrong = []
    for rule, method, declared in routes(app):
        answer = demander(app, scene.comptes[role] if role else None, method, adresse(app, rule, scene))
        entetes(answer, (rule.rule, method))
        assert fautes(answer) == [], (rule.rule, method)
        assert rule.endpoint == "static" or answer.headers["Cache-Control"] == "no-store, private", rule.rule
        if not _comme_declare(answer, rule, declared, role):
            wrong.append((rule.rule, method, answer.status_code, answer.location))
    assert wrong == []


def _comme_declare(answer: TestResponse, rule: Rule, declared: Access, role: Role | None) -> bool:
    to_the_door = answer.status_code == 302 and (answer.location or "").startswith("/connexion")
    if (rule.endpoint, role) in A_PART:
        return answer.status_code == A_PART[rule.endpoint, role]
    if declared.roles and role is None:
        return to_the_door
    if declared.roles and role not in declared.roles:
        return answer.status_code == 403
    served = answer.status_code < 400 or answer.status_code in (400, 409, 422)  # an empty form is told so
    return (served or answer.status_code == 503) and not to_the_door  # 503: no Stripe in this town, or no engine


def autrui(rule: Rule) -> list[frozenset[str]]:
    """Each way to name somebody else's object in this address: one argument of theirs, or several."""
    owned = sorted(name for name in rule.arguments if not objet(rule, name).a_tous)
    return [frozenset(some) for size in range(1, len(owned) + 1) for some in combinations(owned, size)]


def fuites(app: Flask, scene: Scene) -> list[tuple[str, str, str, int]]:
    """Calls to somebody else's object that were not answered by a 404, or that wrote something."""
    leaks = []
    for rule, method, declared in routes(app):
        for role in sorted(declared.roles & BORNES):
            for theirs in autrui(rule):
                address = adresse(app, rule, scene, d_autrui=theirs)
                before = empreinte()
                answer = demander(app, scene.comptes[role], method, address)
                if answer.status_code != 404 or empreinte() != before:
                    leaks.append((rule.endpoint, method, role.value, answer.status_code))
    return leaks


def test_somebody_elses_object_does_not_exist_and_nothing_is_written(app: Flask, scene: Scene) -> None:
    assert fuites(app, scene) == []


def test_there_is_somebody_elses_object_to_try(app: Flask) -> None:
    tried = {rule.endpoint for rule, _method, declared in routes(app) if declared.roles & BORNES and autrui(rule)}
    assert len(tried) >= 20, tried


def test_control_without_its_predicate_each_route_leaks(
    app: Flask, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Predicates replaced by ALL: what still answers 404 is guarded a second time, by its use case."""
    guarded = set()
    for rule, _method, declared in routes(app):
        if declared.roles & BORNES and autrui(rule):
            guarded.add(rule.endpoint)
            monkeypatch.setattr(app.view_functions[rule.endpoint], "access", Access(declared.roles, access.ALL))
    leaking = {endpoint for endpoint, *_ in fuites(app, scene)}
    twice_guarded = {"foyers.corriger_un_membre", "foyers.retirer_un_membre"}
    assert guarded - leaking <= twice_guarded


# Objects that a form or a query names, not the address: (method, path, field, role, whose side → value).
Valeur = Callable[[Cote], int]
PARAMETRES: tuple[tuple[str, str, str, Role, Valeur], ...] = (
    ("POST", "/paiements/payer", "echeance", Role.HABITANT, lambda cote: cote.echeance),
    ("GET", "/retrait", "maison", Role.BENEVOLE, lambda cote: cote.maison),
    ("GET", "/retrait/maisons", "maison", Role.BENEVOLE, lambda cote: cote.maison),
    ("GET", "/caisse", "maison", Role.AGENT, lambda cote: cote.maison),
    ("GET", "/caisse/cloture", "maison", Role.AGENT, lambda cote: cote.maison),
    ("GET", "/retrait/feuille", "maison", Role.AGENT, lambda cote: cote.maison),
    ("GET", "/retrait/clore", "maison", Role.AGENT, lambda cote: cote.maison),
    ("POST", "/retrait/clore", "maison", Role.AGENT, lambda cote: cote.maison),
    ("POST", "/retrait/livraison", "maison", Role.AGENT, lambda cote: cote.maison),
)


@pytest.mark.parametrize("parameter", PARAMETRES, ids=lambda p: f"{p[0]} {p[1]}")
def test_somebody_elses_object_in_a_form_or_a_query_does_not_exist(
    app: Flask, scene: Scene, parameter: tuple[str, str, str, Role, Valeur]
) -> None:
    method, path, field, role, value = parameter

    def ask(cote: Cote) -> int:
        fields = {field: str(value(cote)), "semaine": scene.code}
        client = navigateur(app, scene.comptes[role])
        if method == "GET":
            return client.get(path, query_string=fields).status_code
        return client.post(path, data=fields | {"csrf_token": jeton_csrf(app)}).status_code

    before = empreinte()
    assert ask(scene.ailleurs) == 404
    assert empreinte() == before
    assert ask(scene.ici) != 404, "control: one's own is there"


def test_an_agent_opens_no_household_in_a_maison_that_is_not_theirs(app: Flask, scene: Scene) -> None:
    client, before = navigateur(app, scene.comptes[Role.AGENT]), empreinte()
    form = {"csrf_token": jeton_csrf(app), "prenom": "Ana", "nom": "Essai", "identifiant": ""}
    path = "/guichet/foyers/ouvrir"
    assert client.post(path, data=form | {"maison": str(scene.ailleurs.maison)}).status_code == 422
    assert empreinte() == before
    assert client.post(path, data=form | {"maison": str(scene.ici.maison)}).status_code == 302

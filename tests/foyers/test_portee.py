"""Nobody reaches somebody else's household: each guard shown, and shown to leak once it is taken away."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask

from foyers import guichet, guichet_justificatifs, views
from foyers.models import Membre
from kernel.db import transaction
from kernel.web import access
from kernel.web.access import Access, Role
from tests import fabriques
from tests.foyers.visite import Visite, connecte, connecte_en


@dataclass
class Voisins:
    """Two maisons with a household each; `autre` is the one that the agent of the first must not reach."""

    ici: int
    foyer: int
    autre: int
    membre_autre: int
    compte_autre: int
    justificatif_autre: int


@pytest.fixture
def voisins(base: str) -> Voisins:
    with transaction() as session:
        here, there = fabriques.maison(session).id, fabriques.maison(session).id
        mine = fabriques.foyer(session, maison_id=here).id
        other = fabriques.foyer(session, maison_id=there, nom="Secret").id
        compte = fabriques.compte(session, foyer_id=other).id
        given = fabriques.quotient(session, other, 640, verifie=False).id
        member = Membre(foyer_id=other, prenom="Lou", nom="Secret", nom_plie="lou secret", adulte=False)
        session.add(member)
        session.flush()
        return Voisins(here, mine, other, member.id, compte, given)


@pytest.fixture
def agent(app: Flask, voisins: Voisins) -> Visite:
    with transaction() as session:
        compte = fabriques.compte(session, Role.AGENT, maisons=(voisins.ici,))
    return connecte(app, compte)


def lectures(v: Voisins) -> list[str]:
    base = f"/guichet/foyers/{v.autre}"
    return [base, f"{base}/coordonnees", f"{base}/membres", f"{base}/compte", f"{base}/quotient/noter"]


def actions(v: Voisins) -> list[str]:
    base = f"/guichet/foyers/{v.autre}"
    return [
        f"{base}/quotient",
        f"{base}/coordonnees",
        f"{base}/membres",
        f"{base}/compte",
        f"{base}/quotient/noter",
        f"{base}/membres/{v.membre_autre}/retirer",
        f"{base}/comptes/{v.compte_autre}/mot-de-passe",
        f"/guichet/justificatifs/{v.justificatif_autre}/accepter",
        f"/guichet/justificatifs/{v.justificatif_autre}/refuser",
    ]


def test_an_agent_does_not_reach_a_household_of_another_maison(agent: Visite, voisins: Voisins) -> None:
    for path in lectures(voisins):
        assert agent.lire(path).status_code == 404, path
    for path in actions(voisins):
        assert agent.poster(path, "/guichet/foyers/ouvrir").status_code == 404, path
    assert "Secret" not in agent.lire("/guichet/foyers?q=secret").text.replace('value="secret"', "")
    assert "Secret" not in agent.lire("/guichet/justificatifs").text


def test_a_household_that_does_not_exist_answers_the_same(agent: Visite, voisins: Voisins) -> None:
    for key in (0, 999_999, 10**15):
        assert agent.lire(f"/guichet/foyers/{key}").status_code == 404
        answer = agent.poster(f"/guichet/justificatifs/{key}/refuser", "/guichet/foyers/ouvrir")
        assert answer.status_code == 404


def test_parts_of_one_household_are_not_reached_through_another(agent: Visite, voisins: Voisins) -> None:
    mine = f"/guichet/foyers/{voisins.foyer}"
    for path in (
        f"{mine}/membres/{voisins.membre_autre}/retirer",
        f"{mine}/comptes/{voisins.compte_autre}/mot-de-passe",
    ):
        assert agent.poster(path, mine).status_code == 404


def open_wide(monkeypatch: pytest.MonkeyPatch, view: Callable[..., object]) -> None:
    """Take the predicate of a view away."""
    declared = access.declaration(view)
    assert declared is not None
    monkeypatch.setattr(view, "access", Access(declared.roles, access.ALL))


def test_control_without_its_predicate_the_page_leaks(
    agent: Visite, voisins: Voisins, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_wide(monkeypatch, guichet.fiche)
    assert "Secret" in agent.lire(f"/guichet/foyers/{voisins.autre}").text


def test_control_without_the_reach_the_search_leaks(
    agent: Visite, voisins: Voisins, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (guichet, guichet_justificatifs):
        monkeypatch.setattr(module, "maisons_de", lambda person: None)
    assert "Samira Secret" in agent.lire("/guichet/foyers?q=secret").text
    assert "Samira Secret" in agent.lire("/guichet/justificatifs").text


def test_the_coordination_reaches_every_household(app: Flask, voisins: Voisins) -> None:
    visit = connecte_en(app, Role.COORDINATION)
    for key in (voisins.foyer, voisins.autre):
        assert visit.lire(f"/guichet/foyers/{key}").status_code == 200


@pytest.mark.parametrize("role", [Role.HABITANT, Role.BENEVOLE, Role.PRODUCTEUR, Role.ADMINISTRATION])
def test_other_roles_have_no_counter(app: Flask, voisins: Voisins, role: Role) -> None:
    with transaction() as session:
        compte = fabriques.compte(session, role)
    visit = connecte(app, compte)
    for path in ("/guichet/foyers", "/guichet/foyers/ouvrir", "/guichet/justificatifs", *lectures(voisins)):
        assert visit.lire(path).status_code == 403, path


def test_nobody_reaches_a_household_without_signing_in(app: Flask, voisins: Voisins) -> None:
    visit = Visite(app)
    for path in ("/mon-foyer", "/mon-foyer/quotient", "/inscription/quotient", *lectures(voisins)):
        assert visit.lire(path).location.startswith("/connexion?suite="), path


def test_a_family_takes_nobody_out_of_another_household(
    app: Flask, voisins: Voisins, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = connecte_en(app, Role.HABITANT)
    path = f"/mon-foyer/membres/{voisins.membre_autre}/retirer"
    assert visit.poster(path, "/mon-foyer").status_code == 404
    open_wide(monkeypatch, views.retirer_un_membre)
    assert visit.poster(path, "/mon-foyer").status_code == 404, "the use case checks it as well"
    monkeypatch.setattr(views, "retirer_membre", lambda session, _, key: session.delete(session.get(Membre, key)))
    assert visit.poster(path, "/mon-foyer").status_code == 302, "control: without both guards it leaks"


def test_the_team_has_no_household_of_its_own(agent: Visite) -> None:
    assert agent.lire("/mon-foyer").status_code == 403

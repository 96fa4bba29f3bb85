"""Each form with missing, huge, wrong, hostile and repeated answers: a sentence, never a 500, nothing written."""

import re

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from foyers.models import Compte, Foyer, JustificatifQF, Membre
from kernel.db import reading, transaction
from kernel.web.access import Role
from tests import fabriques
from tests.foyers.visite import Visite, connecte, connecte_en

HOSTILES = [
    "",
    " ",
    "\0",
    "a\0b",
    "x" * 10_000,
    "🍅🥕",
    "\u202eilA neB",
    "Robert'); DROP TABLE foyer; --",
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "%s%d%n",
    "-1",
    "1e9",
    "abc",
    "٣٤",
    "2026-13",
    "9" * 40,
    "../../etc/passwd",
    "a@b\r\nBcc: x@y.fr",
    "\ud7ff\ufffe",
]
PHRASE = "la chatte dort au soleil"


def champs(foyer_maison: int) -> dict[str, dict[str, str]]:
    """Each form's path with answers of which one is wrong."""
    maison = str(foyer_maison)
    contact = {"canal": "email", "email": "a@exemple.fr", "telephone": "0612345678", "maison": maison}
    member = {"prenom": "Lou", "nom": "Benali", "enfant": "y"}
    quotient = {"valeur": "640", "mois": "2026-13"}  # wrong on purpose: nothing may be written
    return {
        "/mon-foyer/quotient": quotient,
        "/inscription/quotient": quotient,
        "/mon-foyer/coordonnees": contact | {"canal": "pigeon"},
        "/mon-foyer/membres": member | {"nom": "123"},
        "/mon-compte/mot-de-passe": {"actuel": "faux mais long", "nouveau": PHRASE},
    }


def rows() -> list[int]:
    with reading() as session:
        return [
            session.scalar(select(func.count()).select_from(t)) or 0 for t in (Foyer, Membre, Compte, JustificatifQF)
        ]


@pytest.fixture
def famille(app: Flask, base: str) -> tuple[Visite, int]:
    with transaction() as session:
        maison_id = fabriques.maison(session).id
        compte = fabriques.compte(session, foyer_id=fabriques.foyer(session, maison_id=maison_id).id)
    return connecte(app, compte), maison_id


@pytest.fixture(autouse=True)
def sans_limite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.web.security.limiter.enabled", False)


def attempts(right: dict[str, str]) -> list[MultiDict[str, str]]:
    """The right answers with one of them missing, hostile or repeated, in turn."""
    made = [MultiDict({k: v for k, v in right.items() if k != name}) for name in right]
    made += [MultiDict(right | {name: hostile}) for name in right for hostile in HOSTILES]
    made += [MultiDict([*right.items(), *right.items(), (name, "autre")]) for name in right]
    return made


def check(visit: Visite, path: str, token: str, data: MultiDict[str, str]) -> None:
    answer = visit.client.post(path, data=MultiDict([("csrf_token", token), *data.items(multi=True)]))
    handed_over = answer.status_code == 200 and "À remettre à" in answer.text
    assert answer.status_code in (302, 422) or handed_over, (path, data, answer.status_code)
    if answer.status_code == 422:
        errors = re.findall(r'class="champ__erreur"[^>]*>.*?<span>(.*?)</span>', answer.text, re.DOTALL)
        assert errors or "Nous ne reconnaissons pas" in answer.text, (path, data)
        assert not [e for e in errors if re.search(r"\b(Not|Invalid|required|must)\b", e)], errors


def test_each_form_of_a_family_answers_with_a_sentence(famille: tuple[Visite, int]) -> None:
    visit, maison_id = famille
    for path, right in champs(maison_id).items():
        token, before = visit.jeton(path), rows()
        for data in attempts(right):
            check(visit, path, token, data)
        if path not in ("/mon-foyer/membres", "/mon-foyer/quotient", "/inscription/quotient"):
            assert rows() == before


def test_wrong_answers_write_nothing(famille: tuple[Visite, int]) -> None:
    visit, maison_id = famille
    before = rows()
    for path, right in champs(maison_id).items():
        assert visit.poster(path, **right).status_code == 422, path
    assert rows() == before


@pytest.mark.usefixtures("famille")
def test_sign_in_and_sign_up_answer_with_a_sentence(app: Flask) -> None:
    signup = {
        "prenom": "Zoé",
        "nom": "L’Hostis",
        "identifiant": "personne@exemple.fr",
        "mot_de_passe": "court",
        "maison": "0",
    }
    for path, right in {
        "/connexion": {"identifiant": "a@b.fr", "mot_de_passe": "faux"},
        "/inscription": signup,
    }.items():
        visit = Visite(app)
        token, before = visit.jeton(path), rows()
        for data in attempts(right):
            check(visit, path, token, data)
        assert rows() == before


def test_each_form_of_the_counter_answers_with_a_sentence(app: Flask, famille: tuple[Visite, int]) -> None:
    _, maison_id = famille
    with transaction() as session:
        foyer_id = fabriques.foyer(session, maison_id=maison_id).id
    visit = connecte_en(app, Role.AGENT, maisons=(maison_id,))
    forms = {
        "/guichet/foyers/ouvrir": {"prenom": "Ana", "nom": "123", "identifiant": "", "maison": str(maison_id)},
        f"/guichet/foyers/{foyer_id}/quotient/noter": {"valeur": "abc", "mois": "2026-11", "source": "caf"},
        f"/guichet/foyers/{foyer_id}/compte": {"identifiant": "a@"},
    }
    for path, right in forms.items():
        token = visit.jeton(path)
        for data in attempts(right):
            check(visit, path, token, data)


@pytest.mark.parametrize(
    ("valeur", "read"),
    [("0", 0), ("640", 640), ("1 250", 1250), ("640,50 €", 640), ("640.00", 640), ("99999", 99_999)],
)
def test_a_quotient_is_read_as_people_write_it(famille: tuple[Visite, int], valeur: str, read: int) -> None:
    visit, _ = famille
    month = re.findall(r'<option[^>]*value="([0-9-]{7})"', visit.lire("/mon-foyer/quotient").text)[0]
    assert visit.poster("/mon-foyer/quotient", valeur=valeur, mois=month).status_code == 302
    assert f"<b>{read}&nbsp;€</b>" in visit.lire("/mon-foyer").text


@pytest.mark.parametrize("valeur", ["abc", "-1", "1e9", "100000", "640,505", "6.4.0", "٣٤", "²", "0x10", "1_000"])
def test_what_is_no_quotient_is_explained(famille: tuple[Visite, int], valeur: str) -> None:
    visit, _ = famille
    answer = visit.poster("/mon-foyer/quotient", valeur=valeur, mois="2026-11")
    assert answer.status_code == 422
    assert "entre 0 et 99 999" in answer.text


@pytest.mark.parametrize(
    "query", ["", "?q=%00", "?q=" + "x" * 9000, "?q=%F0%9F%8D%85", "?q=%FF%FE", "?q=a&q=b", "?q[]=1"]
)
def test_odd_searches_break_nothing(app: Flask, famille: tuple[Visite, int], query: str) -> None:
    visit = connecte_en(app, Role.AGENT, maisons=(famille[1],))
    assert visit.lire(f"/guichet/foyers{query}").status_code == 200


@pytest.mark.parametrize(
    "query", ["maison=abc", "maison=-1", "maison=" + "9" * 500, "maison=%00", "suite=//x.fr", "suite[]=1"]
)
def test_odd_addresses_open_the_sign_up_all_the_same(app: Flask, base: str, query: str) -> None:
    assert Visite(app).lire(f"/inscription?{query}").status_code == 200

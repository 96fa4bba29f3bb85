"""One's data is corrected by the family or at the counter: names, and what one signs in with."""

import pytest
from flask import Flask
from sqlalchemy import select

from foyers.models import Compte, Foyer, Membre
from foyers.recherche import chercher_foyers
from foyers.verifications import verifier
from kernel.db import reading, transaction
from kernel.mail import Mail
from kernel.web.access import Role
from tests import fabriques
from tests.fabriques import MOT_DE_PASSE
from tests.foyers.visite import Visite, connecte


@pytest.fixture
def ville(base: str) -> dict[str, int]:
    with transaction() as session:
        maison_id = fabriques.maison(session).id
        foyer_id = fabriques.foyer(session, nom="Benaly", prenom="Samira", maison_id=maison_id).id
        return {
            "foyer": foyer_id,
            "compte": fabriques.compte(session, foyer_id=foyer_id, nom="Samira Benaly").id,
            "agent": fabriques.compte(session, Role.AGENT, maisons=(maison_id,)).id,
            "membre": session.scalars(select(Membre.id).where(Membre.foyer_id == foyer_id)).one(),
        }


def ouvrir(app: Flask, compte_id: int) -> Visite:
    with reading() as session:
        return connecte(app, session.get_one(Compte, compte_id))


@pytest.mark.parametrize("qui", ["compte", "agent"])
def test_the_name_of_the_referent_is_corrected_everywhere_it_stands(
    app: Flask, ville: dict[str, int], qui: str
) -> None:
    path = f"/membres/{ville['membre']}"
    path = f"/mon-foyer{path}" if qui == "compte" else f"/guichet/foyers/{ville['foyer']}{path}"
    visit = ouvrir(app, ville[qui])
    assert 'value="Benaly"' in visit.lire(path).text
    assert visit.poster(path, prenom="Samira", nom="Benali").status_code == 302
    with reading() as session:
        assert session.get_one(Foyer, ville["foyer"]).nom == "Benali"
        assert session.get_one(Compte, ville["compte"]).nom == "Samira Benali"
        assert [found.id for found in chercher_foyers(session, "benali", None)] == [ville["foyer"]]
        assert verifier(session) == []


def test_the_referent_stays_an_adult(app: Flask, ville: dict[str, int]) -> None:
    answer = ouvrir(app, ville["compte"]).poster(
        f"/mon-foyer/membres/{ville['membre']}", prenom="Samira", nom="Benali", enfant="y"
    )
    assert answer.status_code == 422
    assert "elle est adulte" in answer.text


def test_a_family_signs_in_with_another_number_and_its_other_browsers_are_out(
    app: Flask, ville: dict[str, int]
) -> None:
    here, elsewhere = ouvrir(app, ville["compte"]), ouvrir(app, ville["compte"])
    form = {"identifiant": "06 12 34 56 78", "actuel": "ce n’est pas le bon"}
    assert here.poster("/mon-compte/identifiant", **form).status_code == 422
    assert here.poster("/mon-compte/identifiant", **form | {"actuel": MOT_DE_PASSE}).status_code == 302
    assert here.lire("/mon-foyer").status_code == 200
    assert elsewhere.lire("/mon-foyer").status_code == 302
    with reading() as session:
        compte = session.get_one(Compte, ville["compte"])
    assert (compte.email, compte.telephone) == (None, "+33612345678")
    assert Visite(app).entrer(compte).status_code == 302


def test_the_address_of_before_is_told_once_and_never_the_new_one(app: Flask, ville: dict[str, int]) -> None:
    with reading() as session:
        before = session.get_one(Compte, ville["compte"]).email
    here = ouvrir(app, ville["compte"])
    for _twice in range(2):
        form = {"identifiant": "samira@exemple.fr", "actuel": MOT_DE_PASSE}
        assert here.poster("/mon-compte/identifiant", **form).status_code == 302
    with reading() as session:
        (told,) = session.scalars(select(Mail)).all()
    assert told.recipient == before
    for part in (told.text, told.html):
        assert "nous remettons tout en ordre" in part
        assert "samira@exemple.fr" not in part


def test_nobody_is_told_of_a_number_that_is_given_up(app: Flask, ville: dict[str, int]) -> None:
    with transaction() as session:
        compte = session.get_one(Compte, ville["compte"])
        compte.email, compte.telephone = None, "+33612345678"
    here = ouvrir(app, ville["compte"])
    here.poster("/mon-compte/identifiant", identifiant="samira@exemple.fr", actuel=MOT_DE_PASSE)
    with reading() as session:
        assert session.scalars(select(Mail)).all() == []


def test_an_identifier_that_somebody_has_is_refused(app: Flask, ville: dict[str, int]) -> None:
    with transaction() as session:
        taken = fabriques.compte(session).email
    for who, path in (
        ("compte", "/mon-compte/identifiant"),
        ("agent", f"/guichet/foyers/{ville['foyer']}/comptes/{ville['compte']}/identifiant"),
    ):
        answer = ouvrir(app, ville[who]).poster(path, identifiant=taken, actuel=MOT_DE_PASSE)
        assert answer.status_code == 422
        assert "a déjà un compte" in answer.text


def test_an_agent_changes_what_a_family_signs_in_with(app: Flask, ville: dict[str, int]) -> None:
    path = f"/guichet/foyers/{ville['foyer']}/comptes/{ville['compte']}/identifiant"
    assert ouvrir(app, ville["agent"]).poster(path, identifiant="samira@exemple.fr").status_code == 302
    with transaction() as session:
        assert session.get_one(Compte, ville["compte"]).email == "samira@exemple.fr"
        other = fabriques.compte(session).id
    path = f"/guichet/foyers/{ville['foyer']}/comptes/{other}/identifiant"
    assert ouvrir(app, ville["agent"]).lire(path).status_code == 404

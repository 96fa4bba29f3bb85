"""The founding act as data, the régisseur's pages, and who may be named."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from paiements import verifications
from paiements.models.regie import ActeRegie, Caisse
from paiements.regie import donnees as regie_donnees
from paiements.regie.acte import acte_en_vigueur, encaisse
from paiements.regie.donnees import UnActe, UneCaisse
from tests import fabriques
from tests.conftest import ROOT
from tests.foyers.visite import Visite, connecte_en
from tests.paiements.guichet import FONDS, comptoir
from tests.paiements.monde import compter

EXEMPLE = ROOT / "docs" / "regie.exemple.toml"


def charger(**till: object) -> None:
    data = regie_donnees.lire(EXEMPLE)
    changed = data.caisse[0].model_copy(update=till)
    with transaction() as session:
        regie_donnees.charger(session, data.model_copy(update={"caisse": [changed]}))


def test_the_example_loads_and_loading_it_again_changes_nothing(base: str) -> None:
    with transaction() as session:
        place = fabriques.maison(session, code="CAP").id
    for _ in range(2):
        charger()
    with reading() as session:
        assert session.query(ActeRegie).one().especes_max == 30_000
        assert encaisse(session, place) == 5_000
        assert verifications.verifier(session) == []


def test_a_float_that_changes_is_booked(base: str) -> None:
    with transaction() as session:
        place = fabriques.maison(session, code="CAP").id
    charger()
    charger(fonds=8_000)
    charger(fonds=2_000, plafond=30_000)
    with reading() as session:
        assert encaisse(session, place) == 2_000
        assert session.query(Caisse).one().plafond == 30_000
        assert verifications.verifier(session) == []


@pytest.mark.parametrize(
    ("till", "said"),
    [
        ({"plafond": 1_000}, "doit dépasser"),
        ({"maison": "XXX"}, "Aucune maison"),
        ({"mandataires": ["personne@exemple.test"]}, "Personne ne se connecte"),
    ],
)
def test_a_file_that_cannot_be_says_why(base: str, till: dict[str, object], said: str) -> None:
    with transaction() as session:
        fabriques.maison(session, code="CAP")
    with pytest.raises(Refus, match=said):
        charger(**till)


def test_an_act_in_force_is_amended_never_rewritten(base: str) -> None:
    with transaction() as session:
        fabriques.maison(session, code="CAP")
    charger()
    data = regie_donnees.lire(EXEMPLE)
    rewritten = data.acte[0].model_copy(update={"especes_max": 10_000})
    with pytest.raises(Refus, match="avenant"), transaction() as session:
        regie_donnees.charger(session, data.model_copy(update={"acte": [rewritten]}))
    amended = rewritten.model_copy(update={"effet_le": date(2027, 1, 1)})
    with transaction() as session:
        regie = regie_donnees.charger(session, data.model_copy(update={"acte": [*data.acte, amended]}))
        assert acte_en_vigueur(session, regie.id, date(2026, 12, 31)).especes_max == 30_000
        assert acte_en_vigueur(session, regie.id, date(2027, 1, 1)).especes_max == 10_000


def test_a_file_at_fault_is_named_line_by_line(tmp_path: Path) -> None:
    wrong = tmp_path / "regie.toml"
    wrong.write_text(EXEMPLE.read_text().replace('"cheque", ', '"troc", '))
    with pytest.raises(Refus, match=r"acte\.0\.moyens\.1"):
        regie_donnees.lire(wrong)


def test_the_models_refuse_unknown_lines() -> None:
    for model in (UnActe, UneCaisse):
        assert model.model_config["extra"] == "forbid"


@pytest.fixture
def regisseuse(base: str, app: Flask) -> Visite:
    return connecte_en(app, Role.REGISSEUR)


def test_before_the_act_is_loaded_the_pages_say_so(regisseuse: Visite) -> None:
    assert "Aucune caisse" in regisseuse.lire("/regie").text
    assert "pas encore chargé" in regisseuse.lire("/regie/acte").text


def test_the_regisseur_sees_each_till_with_sums_and_names_who_takes_money(regisseuse: Visite) -> None:
    with transaction() as session:
        here = comptoir(session)
        other = fabriques.compte(session, Role.AGENT, maisons=(here.maison,), nom="Zoé Nouvelle").id
    page = regisseuse.lire("/regie").text
    assert page.count("50,00\xa0€") >= 2, "the float in its line and in the sum"
    assert "Zoé Nouvelle" in regisseuse.lire("/regie/acte").text
    said = regisseuse.poster(f"/regie/caisses/{here.maison}/mandataires", "/regie/acte", compte=other)
    assert said.status_code == 303
    assert "Zoé Nouvelle, depuis le" in regisseuse.lire("/regie/acte").text
    mandate = compter("SELECT id FROM mandataire WHERE compte_id = :c", c=other)
    regisseuse.poster(f"/regie/mandataires/{mandate}/retirer", "/regie/acte")
    assert "Zoé Nouvelle, depuis le" not in regisseuse.lire("/regie/acte").text


def test_a_volunteer_is_never_named(regisseuse: Visite) -> None:
    with transaction() as session:
        here = comptoir(session)
        volunteer = fabriques.compte(session, Role.BENEVOLE, maisons=(here.maison,)).id
    said = regisseuse.poster(f"/regie/caisses/{here.maison}/mandataires", "/regie/acte", compte=volunteer)
    assert said.status_code == 404
    assert compter("SELECT count(*) FROM mandataire") == 1


def test_the_administration_reads_and_does_not_name(app: Flask, base: str) -> None:
    with transaction() as session:
        here = comptoir(session)
    reader = connecte_en(app, Role.ADMINISTRATION)
    page = reader.lire("/regie/acte").text
    assert "Arrêté d’essai" in page
    assert "/mandataires" not in page
    said = reader.poster(f"/regie/caisses/{here.maison}/mandataires", "/regie/acte", compte=here.agent)
    assert said.status_code == 403


def test_a_till_near_its_ceiling_is_said(regisseuse: Visite) -> None:
    with transaction() as session:
        here = comptoir(session)
        session.get_one(Caisse, here.maison).plafond = FONDS + 1
    assert "Un versement est à faire" in regisseuse.lire("/regie").text

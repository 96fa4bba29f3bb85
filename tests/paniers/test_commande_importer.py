"""`flask foyers importer`: the same as the page, in a terminal."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from foyers.models import Foyer
from kernel import clock
from kernel.db import reading, transaction
from tests import fabriques
from tests.empreintes import empreinte
from tests.paniers.feuilles import Ligne, en_csv, feuille, ligne
from tests.paniers.monde_equipe import JEUDI
from tests.paniers.tableurs import VENDREDI


@pytest.fixture
def dossier(app: Flask, tmp_path: Path) -> Path:
    clock.set_now(VENDREDI)
    with transaction() as session:
        fabriques.calendrier(session)
        fabriques.grille(session)
        fabriques.semaine(session, JEUDI)
        for name in ("Capuche", "Abbaye"):
            fabriques.maison(session, nom=name)
    return tmp_path


def lancer(app: Flask, dossier: Path, rows: list[Ligne], *options: str) -> Result:
    path = dossier / "foyers.csv"
    path.write_bytes(en_csv(rows))
    return app.test_cli_runner().invoke(args=["foyers", "importer", str(path), *options])


def foyers() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Foyer)) or 0


def test_the_trial_prints_what_the_import_does(app: Flask, dossier: Path) -> None:
    before = empreinte()
    trial = lancer(app, dossier, feuille(12), "--essai")
    assert (trial.exit_code, empreinte()) == (0, before)
    done = lancer(app, dossier, feuille(12))
    assert done.exit_code == 0, done.output
    assert trial.output.splitlines()[:-1] == done.output.splitlines()[:-1]
    assert "12 foyers nouveaux" in done.output
    assert trial.output.splitlines()[-1].startswith("C’était un essai")
    assert foyers() == 12


def test_a_fault_ends_it_with_its_line(app: Flask, dossier: Path) -> None:
    told = lancer(app, dossier, [*feuille(2), ligne(3, qf="beaucoup")], "--ecrire-remarques", str(dossier / "r.csv"))
    assert told.exit_code == 1
    assert "ligne 4, Quotient familial, « beaucoup »" in told.output
    assert foyers() == 0
    assert "beaucoup" in (dossier / "r.csv").read_text("utf-8-sig")


def test_a_file_that_is_none_is_a_sentence(app: Flask, dossier: Path) -> None:
    path = dossier / "foyers.xls"
    path.write_bytes(b"<html><table>")
    told = app.test_cli_runner().invoke(args=["foyers", "importer", str(path)])
    assert (told.exit_code, "page web" in told.output) == (1, True)


DOUBLE: list[Ligne] = [
    *feuille(1),
    ligne(2, nom="Diallo", prenom="Awa", telephone="0612121212", email=""),
    ligne(3, nom="Dialo", prenom="Awa", telephone="", email=""),
]


def test_likely_duplicates_are_written_decided_and_given_back(app: Flask, dossier: Path) -> None:
    doubles = dossier / "doublons.csv"
    told = lancer(app, dossier, DOUBLE, "--ecrire-doublons", str(doubles))
    assert told.exit_code == 1
    assert "ligne 4, Awa Dialo : le même foyer que Awa Diallo" in told.output
    lines = doubles.read_text("utf-8-sig").splitlines()
    doubles.write_text("\n".join([lines[0], *(f"{line}même" for line in lines[1:])]))
    done = lancer(app, dossier, DOUBLE, "--decisions", str(doubles))
    assert done.exit_code == 0, done.output
    assert foyers() == 2


@pytest.mark.parametrize(("option", "combien"), [("--fusionner-probables", 2), ("--garder-distincts", 3)])
def test_one_answer_may_do_for_all(app: Flask, dossier: Path, option: str, combien: int) -> None:
    assert lancer(app, dossier, DOUBLE, option).exit_code == 0
    assert foyers() == combien


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ligne;avis\n4;même\n", "deux colonnes"),
        ("ligne;décision\nquatre;même\n", "en chiffres"),
        ("ligne;décision\n4;peut-être\n", "« même »"),
    ],
)
def test_decisions_that_cannot_be_read_are_said(app: Flask, dossier: Path, text: str, said: str) -> None:
    path = dossier / "decisions.csv"
    path.write_text(text)
    told = lancer(app, dossier, DOUBLE, "--decisions", str(path))
    assert told.exit_code == 1
    assert said in told.output.replace("\u00a0", " ")


def test_an_exported_cell_cannot_run(app: Flask, dossier: Path) -> None:
    """What somebody wrote into the sheet is opened again in a spreadsheet."""
    lancer(app, dossier, [*feuille(1), ligne(2, nom='=cmd|"/c calc"')], "--ecrire-remarques", str(dossier / "r.csv"))
    assert "'=cmd" in (dossier / "r.csv").read_text("utf-8-sig")

"""A town's standing data, from a file."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from foyers.models import Maison
from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Refus
from paniers.donnees import charger, lire
from paniers.models.producteurs import Produit
from paniers.models.semaines import Grille
from paniers.reglages import exiger_grille_a_venir, exiger_rythme_a_venir
from tests import fabriques
from tests.paniers.bourg import batir

EXEMPLE = Path(__file__).parents[2] / "docs" / "ville.exemple.toml"
REGLE = "regle = { forme = 'lineaire', taux = '0.008', plancher = 400, plafond = 900 }\n"


def test_the_example_loads_and_loads_again(base: str) -> None:
    data = lire(EXEMPLE)
    with transaction() as session:
        assert charger(session, data) == {
            "maisons": 1,
            "calendriers": 1,
            "grilles": 1,
            "producteurs": 1,
            "produits": 1,
            "contrats": 1,
        }
    with transaction() as session:
        assert not any(charger(session, data).values())
    with reading() as session:
        assert session.scalars(select(func.count(Produit.id))).one() == 1


def test_a_maison_is_brought_up_to_date(base: str, tmp_path: Path) -> None:
    with transaction() as session:
        charger(session, lire(EXEMPLE))
    changed = tmp_path / "ville.toml"
    changed.write_text(EXEMPLE.read_text().replace("places = 80", "places = 95"))
    with transaction() as session:
        charger(session, lire(changed))
    with reading() as session:
        assert session.scalars(select(Maison.places)).one() == 95


def test_a_grid_in_force_is_never_changed(base: str, tmp_path: Path) -> None:
    with transaction() as session:
        charger(session, lire(EXEMPLE))
    changed = tmp_path / "ville.toml"
    changed.write_text(EXEMPLE.read_text().replace("cout_reference = 750", "cout_reference = 700"))
    with pytest.raises(Refus, match="autre date d’effet"), transaction() as session:
        charger(session, lire(changed))
    with reading() as session:
        assert session.scalars(select(Grille.cout_reference)).one() == 750


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('code = "CAP"', 'code = "Capuche"', "maison.0.code"),
        ("prix = 550", "prix = 350", "cohérente"),
        ("prix_indicatif = 150", "prix_indicatif = -1", "produit.0.prix_indicatif"),
        ("[[produit]]", "[[produit", "ne se lit pas"),
        ("franchise_tva = false", "franchise_tva = false\nfranchize = 1", "producteur.0.franchize"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, before: str, after: str, said: str) -> None:
    file = tmp_path / "ville.toml"
    file.write_text(EXEMPLE.read_text().replace(before, after))
    with pytest.raises(Refus, match=said):
        lire(file)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refus, match="ne se lit pas"):
        lire(tmp_path / "absent.toml")


def test_a_grid_loaded_late_prices_no_week_whose_cut_off_has_passed(base: str, tmp_path: Path) -> None:
    """Row 3: a closing three days late gives what a punctual one gave, whatever file was loaded in between."""
    with transaction() as session:
        bourg = batir(session)
    clock.set_now(bourg.apres(minutes=1))
    late = tmp_path / "ville.toml"
    for effect, refused in (("2026-11-26", True), ("2026-11-01", True), ("2026-11-27", False)):
        late.write_text(f"[[grille]]\nnom = 'Autre'\neffet_le = {effect}\ncout_reference = 800\n{REGLE}")
        if refused:
            with pytest.raises(Refus, match="jeudi 26 novembre 2026"), transaction() as session:
                charger(session, lire(late))
        else:
            with transaction() as session:
                assert charger(session, lire(late))["grilles"] == 1


def test_a_grid_that_a_later_one_takes_over_before_the_closed_weeks_changes_none_of_them(base: str) -> None:
    with transaction() as session:
        bourg = batir(session)
        fabriques.grille(session, effet_le=date(2026, 11, 20))
        exiger_grille_a_venir(session, date(2026, 10, 1), bourg.apres(days=1))
        with pytest.raises(Refus):
            exiger_grille_a_venir(session, date(2026, 11, 21), bourg.apres(days=1))


def test_a_rhythm_dates_no_week_that_is_open_already(base: str) -> None:
    with transaction() as session:
        bourg = batir(session)
        last = bourg.retrait_le + timedelta(weeks=2)
        exiger_rythme_a_venir(session, last + timedelta(days=1))
        with pytest.raises(Refus, match="déplacez sa distribution"):
            exiger_rythme_a_venir(session, last)

"""A town's standing data, from a file."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from foyers.models import Maison
from kernel.db import reading, transaction
from kernel.errors import Refus
from paniers.donnees import charger, lire
from paniers.models import Grille
from paniers.models_producteurs import Produit

EXEMPLE = Path(__file__).parents[2] / "docs" / "ville.exemple.toml"


def test_the_example_loads_and_loads_again(base: str) -> None:
    data = lire(EXEMPLE)
    with transaction() as session:
        assert charger(session, data) == {
            "maisons": 1,
            "calendriers": 1,
            "grilles": 1,
            "producteurs": 1,
            "produits": 1,
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

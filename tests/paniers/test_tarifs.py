"""The tariff: whole centimes within 4 € and 9 €, never falling as the quotient rises, whatever the grid."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import Euros
from paniers.regles.tarifs import PLAFOND, PLANCHER, BaremeLineaire, GrilleIncoherente, bareme
from tests.fabriques import TRANCHES

PRIX = st.integers(400, 900)
QUOTIENTS = st.integers(0, 99_999)


@st.composite
def tranches(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(st.integers(1, 6))
    limits: list[int | None] = [*sorted(draw(st.sets(st.integers(0, 5_000), min_size=count - 1, max_size=count - 1)))]
    prices = sorted(draw(st.lists(PRIX, min_size=count, max_size=count)))
    bands = zip([*limits, None], prices, strict=True)
    return {
        "forme": "tranches",
        "tranches": [{"nom": f"T{n}", "jusqu_a": limit, "prix": price} for n, (limit, price) in enumerate(bands)],
    }


@st.composite
def lineaires(draw: st.DrawFn) -> dict[str, Any]:
    rate = draw(st.decimals("0.0001", "1", places=4))
    floor, ceiling = sorted((draw(PRIX), draw(PRIX)))
    return {"forme": "lineaire", "taux": str(rate), "plancher": floor, "plafond": ceiling}


GRILLES = tranches() | lineaires()


@given(GRILLES, QUOTIENTS, QUOTIENTS)
def test_a_price_is_whole_within_bounds_and_never_falls_as_the_quotient_rises(
    regle: dict[str, Any], one: int, other: int
) -> None:
    scale = bareme(regle)
    low, high = scale.tarif(min(one, other)), scale.tarif(max(one, other))
    assert PLANCHER <= low.prix <= high.prix <= PLAFOND
    assert type(low.prix.centimes) is int
    assert low.tranche
    assert high.tranche


@given(GRILLES, QUOTIENTS)
def test_who_shows_no_proof_pays_the_top_price(regle: dict[str, Any], quotient: int) -> None:
    scale = bareme(regle)
    assert scale.tarif(None).prix == scale.tarif(10**9).prix >= scale.tarif(quotient).prix


@pytest.mark.parametrize(
    ("quotient", "prix", "tranche"),
    [
        (0, 400, "A"),
        (400, 400, "A"),
        (401, 550, "B"),
        (800, 550, "B"),
        (1300, 700, "C"),
        (1301, 900, "D"),
        (None, 900, "D"),
    ],
)
def test_a_limit_belongs_to_the_band_below_it(quotient: int | None, prix: int, tranche: str) -> None:
    found = bareme(TRANCHES).tarif(quotient)
    assert (found.prix, found.tranche) == (Euros(prix), tranche)


@pytest.mark.parametrize(
    ("quotient", "prix", "tranche"),
    [
        (0, 400, "plancher"),
        (500, 400, "plancher"),
        (501, 401, "lineaire"),
        (813, 650, "lineaire"),
        (1125, 900, "plafond"),
    ],
)
def test_a_rate_asks_its_share_of_the_quotient_between_floor_and_ceiling(
    quotient: int, prix: int, tranche: str
) -> None:
    found = BaremeLineaire(Decimal("0.008"), Euros(400), Euros(900)).tarif(quotient)
    assert (found.prix, found.tranche) == (Euros(prix), tranche)


@given(lineaires(), st.integers(0, 3_000))
def test_a_rate_is_rounded_to_the_nearest_centime(regle: dict[str, Any], quotient: int) -> None:
    found = bareme(regle).tarif(quotient)
    if found.tranche == "lineaire":
        assert abs(Decimal(regle["taux"]) * quotient * 100 - found.prix.centimes) <= Decimal("0.5")


def bandes(*bands: tuple[Any, Any, Any]) -> dict[str, Any]:
    return {"forme": "tranches", "tranches": [{"nom": n, "jusqu_a": limit, "prix": p} for n, limit, p in bands]}


INCOHERENTES = {
    "no band": bandes(),
    "no last band": bandes(("A", 400, 400)),
    "a limit too many": bandes(("A", None, 400), ("B", None, 500)),
    "limits that fall": bandes(("A", 800, 400), ("B", 400, 500), ("C", None, 600)),
    "the same limit twice": bandes(("A", 400, 400), ("B", 400, 500), ("C", None, 600)),
    "a limit in words": bandes(("A", "400", 400), ("B", None, 500)),
    "half a limit": bandes(("A", 400.5, 400), ("B", None, 500)),
    "prices that fall": bandes(("A", 400, 500), ("B", None, 400)),
    "below 4 €": bandes(("A", 400, 399), ("B", None, 500)),
    "above 9 €": bandes(("A", 400, 400), ("B", None, 901)),
    "half a centime": bandes(("A", 400, 400.5), ("B", None, 500)),
    "two bands of one name": bandes(("A", 400, 400), ("A", None, 500)),
    "a band without a name": bandes(("", 400, 400), ("B", None, 500)),
    "a name that is none": bandes((None, 400, 400), ("B", None, 500)),
    "a list for a name": bandes(([], 400, 400), ("B", None, 500)),
    "no form": {},
    "another form": {"forme": "forfait"},
    "no price": {"forme": "tranches", "tranches": [{"nom": "A", "jusqu_a": None}]},
    "no rate": {"forme": "lineaire", "taux": 0, "plancher": 400, "plafond": 900},
    "a rate that falls": {"forme": "lineaire", "taux": "-0.1", "plancher": 400, "plafond": 900},
    "more than all": {"forme": "lineaire", "taux": "1e40", "plancher": 400, "plafond": 900},
    "no number": {"forme": "lineaire", "taux": "NaN", "plancher": 400, "plafond": 900},
    "without end": {"forme": "lineaire", "taux": "Infinity", "plancher": 400, "plafond": 900},
    "floor above ceiling": {"forme": "lineaire", "taux": "0.01", "plancher": 800, "plafond": 700},
    "floor below 4 €": {"forme": "lineaire", "taux": "0.01", "plancher": 399, "plafond": 700},
}


@pytest.mark.parametrize("regle", INCOHERENTES.values(), ids=INCOHERENTES.keys())
def test_an_incoherent_grid_is_refused(regle: dict[str, Any]) -> None:
    with pytest.raises(GrilleIncoherente):
        bareme(regle)

"""Euros: whole centimes, always."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import NARROW, NO_BREAK, ZERO, Euros

centimes = st.integers(min_value=-(10**12), max_value=10**12)


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (0, "0,00 €"),
        (5, "0,05 €"),
        (550, "5,50 €"),
        (-550, "−5,50 €"),
        (-5, "−0,05 €"),
        (123450, "1~234,50 €"),
        (123456789, "1~234~567,89 €"),
    ],
)
def test_amounts_are_written_as_french_people_write_them(amount: int, written: str) -> None:
    assert str(Euros(amount)) == written.replace(" ", NO_BREAK).replace("~", NARROW)


@given(centimes)
def test_what_is_written_is_the_amount_to_the_centime(amount: int) -> None:
    figures = str(Euros(amount)).replace(NARROW, "").replace(NO_BREAK + "€", "").replace(",", ".").replace("−", "-")
    assert Decimal(figures) * 100 == amount


@given(centimes, centimes, st.integers(-1000, 1000))
def test_sums_and_products_are_those_of_centimes(one: int, other: int, times: int) -> None:
    assert Euros(one) + Euros(other) - Euros(other) == Euros(one)
    assert -Euros(one) == ZERO - Euros(one) == Euros(one) * -1
    assert (Euros(one) * times).centimes == one * times
    assert (Euros(one) < Euros(other)) == (one < other)
    assert bool(Euros(one)) == (one != 0)


@pytest.mark.parametrize("wrong", [5.5, "550", True, None, Decimal("5.50")])
def test_what_is_no_whole_number_of_centimes_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError):
        Euros(wrong)  # type: ignore[arg-type]


def test_a_rate_goes_through_rounding_and_nothing_else_does() -> None:
    with pytest.raises(TypeError):
        Euros(550) * 0.5  # type: ignore[operator]
    halves = {"0.5": 1, "-0.5": -1, "549.5": 550, "549.49": 549, "-549.5": -550, "549.4999999999999999": 549}
    for exact, rounded in halves.items():
        assert Euros.rounded(Decimal(exact)) == Euros(rounded)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_rounding_never_moves_by_more_than_half_a_centime(exact: Decimal) -> None:
    assert abs(Euros.rounded(exact).centimes - exact) <= Decimal("0.5")

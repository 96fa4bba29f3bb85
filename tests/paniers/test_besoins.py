"""From baskets to an order: lines of the maisons and the surplus make the order, in whole lots."""

from hypothesis import example, given
from hypothesis import strategies as st

from paniers.regles.besoins import besoin

MAISONS = st.dictionaries(st.integers(1, 50), st.integers(0, 300), max_size=11)


@given(st.integers(1, 5_000), MAISONS, st.integers(1, 50_000))
@example(700, {}, 5_000)
@example(700, {1: 0}, 5_000)
@example(500, {1: 10}, 5_000)
def test_lines_and_surplus_make_the_order_in_whole_lots(par_panier: int, paniers: dict[int, int], lot: int) -> None:
    found = besoin(par_panier, paniers, lot)
    assert found.commande == sum(found.par_maison.values()) + found.surplus
    assert found.commande % lot == 0
    assert 0 <= found.surplus < lot
    assert found.par_maison == {maison: par_panier * n for maison, n in paniers.items() if n}


@given(st.integers(1, 5_000), MAISONS, st.integers(1, 50_000))
def test_lots_are_rounded_once_over_the_whole_order(par_panier: int, paniers: dict[int, int], lot: int) -> None:
    apart = sum(besoin(par_panier, {maison: n}, lot).commande for maison, n in paniers.items())
    assert besoin(par_panier, paniers, lot).commande <= apart

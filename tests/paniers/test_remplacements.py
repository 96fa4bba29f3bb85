"""Ways out of a shortage: every basket of the week holds the same, from whole lots of what is left."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from paniers.regles.remplacements import REDUIRE, RETIRER, Possible, appliquer, choix, repartir


def offre(offre_id: int, produit_id: int, nom: str, **given: Any) -> Possible:
    usual = {"producteur": "Vif", "en_pieces": False, "poids_piece": None, "disponible": 60_000, "lot": 5_000}
    return Possible(offre_id, produit_id, nom, **{**usual, "prix": 120, "par_panier": 0, **given})


CAROTTES = offre(1, 1, "Carottes", disponible=40_000, prix=150, par_panier=600)
AUTRES = offre(2, 1, "Carottes", prix=170)
POIRES = offre(3, 2, "Poires", par_panier=300)
CHOUX = offre(4, 3, "Choux", en_pieces=True, poids_piece=900, disponible=100, lot=10, prix=110)


def test_less_in_each_basket_the_same_elsewhere_another_product_or_none() -> None:
    found = choix(CAROTTES, [CAROTTES, AUTRES, POIRES, CHOUX], 100)
    assert [(c.cle, dict(c.quantites)) for c in found] == [
        (REDUIRE, {1: 400}),
        ("offre-2", {1: 400, 2: 200}),
        ("offre-4", {1: 400, 4: 1}),
        ("offre-3", {1: 400, 3: 500}),
        (RETIRER, {1: 0}),
    ]


def test_pieces_that_do_not_suffice_for_every_basket_are_replaced_or_left_out() -> None:
    short = offre(9, 9, "Courges", en_pieces=True, poids_piece=1_000, disponible=60, lot=10, par_panier=1)
    found = choix(short, [short, AUTRES, POIRES], 50)
    assert found[0].quantites == {9: 1}, "sixty pieces do for fifty baskets"
    found = choix(short, [short, AUTRES, POIRES], 80)
    assert REDUIRE not in [c.cle for c in found]
    assert [dict(c.quantites) for c in found] == [{9: 0}]


def test_two_products_completed_by_the_same_offer_add_up() -> None:
    first, second = choix(CAROTTES, [AUTRES], 100)[1], choix(POIRES, [AUTRES], 100)[0]
    after = appliquer({1: 600, 3: 300}, [first, second])
    assert after[2] == dict(first.quantites)[2] + dict(second.quantites).get(2, 0)


def test_what_is_left_out_is_in_no_basket() -> None:
    assert appliquer({1: 600, 3: 300}, [choix(CAROTTES, [], 100)[-1]]) == {3: 300}


@given(st.data(), st.integers(1, 400), st.booleans())
def test_no_way_out_asks_for_more_than_what_is_left(data: st.DataObject, baskets: int, pieces: bool) -> None:
    amount = st.integers(0, 200_000)
    short = offre(
        1, 1, "A", en_pieces=pieces, poids_piece=500 if pieces else None, disponible=data.draw(amount),
        lot=data.draw(st.integers(1, 9_000)), par_panier=data.draw(st.integers(1, 900)),
    )  # fmt: skip
    offers = [short, offre(2, 1, "A", disponible=data.draw(amount), lot=700)]
    for chosen in choix(short, offers, baskets):
        for wanted in offers:
            quantity = chosen.quantites.get(wanted.offre_id, 0)
            need = -(-quantity * baskets // wanted.lot) * wanted.lot
            assert need <= wanted.disponible or quantity == 0


@given(st.integers(0, 500), st.lists(st.integers(1, 90), min_size=1, max_size=12))
def test_what_is_shared_out_adds_up_and_nobody_gets_more_than_its_part(combien: int, parts: list[int]) -> None:
    combien = min(combien, sum(parts))
    shares = repartir(combien, parts)
    assert sum(shares) == combien
    assert all(0 <= share <= part for share, part in zip(shares, parts, strict=True))

"""What a basket is compared with: whole lots, shares that are whole percents, a past basket made again."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from paniers.regles.bilan import Ingredient, arrondi_au_lot
from paniers.regles.comparaisons import LignePassee, Proposee, a_fournir, fois, parts, reprendre

COUTS = st.lists(st.tuples(st.integers(1, 5), st.decimals(0, 900, places=3)), max_size=12)


def ingredient(quantite: int, lot: int, disponible: int) -> Ingredient:
    return Ingredient(
        "Carotte", quantite, en_pieces=False, poids_piece=None, prix=180, avec_tva=True, disponible=disponible, lot=lot
    )


def ligne(produit: int, ferme: int, quantite: int = 500) -> LignePassee:
    return LignePassee(produit, f"Produit {produit}", ferme, f"Ferme {ferme}", quantite, Decimal(100))


@given(st.integers(0, 5_000), st.integers(0, 600), st.integers(1, 10_000), st.integers(1, 10**6))
def test_what_is_needed_is_whole_lots_and_less_than_one_is_left_over(q: int, paniers: int, lot: int, had: int) -> None:
    needed = a_fournir(ingredient(q, lot, had), paniers)
    assert needed.commande == needed.lots * lot == arrondi_au_lot(q * paniers, lot)
    assert 0 <= needed.surplus == needed.commande - q * paniers < lot
    assert needed.trop == (needed.commande > had)


@given(COUTS)
def test_shares_are_near_a_hundred_in_all_and_each_within_half_of_the_truth(couts: list[tuple[int, Decimal]]) -> None:
    found = {part.producteur_id: part.part for part in parts(couts, [], {n: f"Ferme {n}" for n in range(1, 6)})}
    total = sum((cost for _farm, cost in couts), Decimal())
    for farm, share in found.items():
        own = sum((cost for of, cost in couts if of == farm), Decimal())
        assert abs(share - (100 * own / total if total else Decimal())) <= Decimal("0.5")


def test_the_last_weeks_shares_stand_beside_and_a_farm_in_neither_has_none() -> None:
    now, past = [(1, Decimal(300)), (2, Decimal(100))], [ligne(1, 2), ligne(2, 3)]
    seen = parts(now, past, {1: "C", 2: "B", 3: "A", 4: "D"})
    assert [(p.producteur, p.part, p.recente) for p in seen] == [("A", 0, 50), ("B", 25, 50), ("C", 75, 0), ("D", 0, 0)]


def test_a_product_counts_once_a_basket_whoever_grew_it() -> None:
    assert fois([[ligne(1, 1), ligne(1, 2)], [ligne(1, 2), ligne(2, 2)], []]) == {1: 2, 2: 1}


def test_a_past_basket_prefers_the_same_farm_then_the_cheapest_and_says_what_nobody_has() -> None:
    offers = [Proposee(10, 1, 7, 90), Proposee(11, 1, 8, 150), Proposee(12, 2, 7, 120), Proposee(13, 2, 9, 110)]
    again = reprendre([ligne(1, 8, 700), ligne(2, 8, 400), ligne(3, 8), ligne(3, 7)], offers)
    assert again.quantites == {11: 700, 13: 400}
    assert again.absents == ("Produit 3",)


def test_two_lines_that_meet_in_one_offer_are_added_and_never_more_than_a_basket_takes() -> None:
    one = [Proposee(10, 1, 7, 90)]
    assert reprendre([ligne(1, 8, 300), ligne(1, 9, 400)], one).quantites == {10: 700}
    assert reprendre([ligne(1, 8, 4_000), ligne(1, 9, 4_000)], one).quantites == {10: 5_000}

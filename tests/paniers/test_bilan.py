"""What a basket weighs, costs and holds, and what is said when it does not fit."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kernel.money import Euros
from paniers.regles.bilan import Exigences, Ingredient, arrondi_au_lot, bilan, prix_ht


def carotte(quantite: int = 700, **given: object) -> Ingredient:
    values: dict[str, object] = {
        "nom": "Carotte",
        "quantite": quantite,
        "en_pieces": False,
        "poids_piece": None,
        "prix": 180,
        "avec_tva": True,
        "disponible": 1_000_000,
        "lot": 5_000,
    }
    return Ingredient(**(values | given))  # type: ignore[arg-type]


def panier_type() -> list[Ingredient]:
    return [carotte(700, nom=nom) for nom in ("Carotte", "Poireau", "Pomme", "Courge", "Navet")]


def test_a_basket_that_fits_raises_nothing() -> None:
    found = bilan(panier_type(), 100)
    assert (found.poids, found.cout, found.varietes, found.alertes) == (3500, Euros(665), 5, ())


def test_pieces_weigh_their_usual_weight_and_cost_by_the_piece() -> None:
    chou = carotte(2, nom="Chou", en_pieces=True, poids_piece=900, prix=150, lot=6, disponible=600)
    found = bilan([chou, *panier_type()[:3]], 100)
    assert found.poids == 1800 + 2100
    assert found.cout == Euros.rounded((Decimal(300) + 3 * Decimal(126)) * Decimal("1.055"))


def test_a_producer_without_vat_costs_the_price_before_tax() -> None:
    assert bilan([carotte(1000, avec_tva=False)], 0).cout == Euros(180)
    assert bilan([carotte(1000)], 0).cout == Euros(190), "189.9"


def test_what_does_not_fit_is_said_in_words() -> None:
    light = bilan([carotte(1000)], 0).alertes
    assert any("il manque 2,5 kg" in said.replace("\N{NO-BREAK SPACE}", " ") for said in light)
    assert any("1 variétés" in said for said in light)
    heavy = bilan([carotte(1000, nom=str(n)) for n in range(5)], 0).alertes
    assert any("de trop" in said for said in heavy)
    assert any("de plus que le budget" in said for said in heavy)


def test_an_offer_that_is_too_small_is_named_with_its_whole_lots() -> None:
    short = carotte(700, disponible=70_000, lot=20_000)
    (said,) = [said for said in bilan([short, *panier_type()[1:]], 101).alertes if "Carotte" in said]
    assert "80" in said
    assert "70" in said
    assert not bilan([carotte(700, disponible=80_000, lot=20_000), *panier_type()[1:]], 101).alertes


def test_the_weight_may_stray_within_its_tolerance_and_no_further() -> None:
    wanted = Exigences(varietes=1, budget=Euros(10_000))
    for weight, fits in ((3149, False), (3150, True), (3850, True), (3851, False)):
        assert (bilan([carotte(weight)], 0, wanted).alertes == ()) is fits


@given(st.lists(st.tuples(st.integers(1, 2000), st.integers(1, 2000), st.booleans(), st.booleans()), max_size=9))
def test_the_cost_is_rounded_once_on_the_whole_basket(parts: list[tuple[int, int, bool, bool]]) -> None:
    ingredients = [
        carotte(q, prix=p, en_pieces=pieces, poids_piece=100 if pieces else None, avec_tva=tva)
        for q, p, pieces, tva in parts
    ]
    exact = sum(
        (
            (Decimal(q * p) if pieces else Decimal(q * p) / 1000) * (Decimal("1.055") if tva else 1)
            for q, p, pieces, tva in parts
        ),
        Decimal(),
    )
    assert abs(bilan(ingredients, 0).cout.centimes - exact) <= Decimal("0.5")


@given(st.integers(0, 10**7), st.integers(1, 10**5))
def test_whole_lots_hold_the_need_and_no_lot_more(need: int, lot: int) -> None:
    rounded = arrondi_au_lot(need, lot)
    assert rounded % lot == 0
    assert need <= rounded < need + lot


def test_a_price_is_for_a_kilogram_or_for_a_piece() -> None:
    assert prix_ht(1500, 180, en_pieces=False) == 270
    assert prix_ht(3, 180, en_pieces=True) == 540

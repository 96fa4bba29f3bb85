"""The composition: written and rewritten until the orders go out, published to families with its weight and cost."""

from decimal import Decimal

import pytest
from sqlalchemy import select, text

from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from paniers.composition import composer, ingredients, publier
from paniers.models.producteurs import Composition, CompositionLigne
from paniers.regles.bilan import QUANTITE_LA_PLUS_GRANDE
from tests import fabriques
from tests.paniers.bourg import Bourg, batir, compter


@pytest.fixture
def bourg(base: str) -> Bourg:
    with transaction() as session:
        return batir(session)


def offrir(bourg: Bourg, *noms: str, semaine: int = 0, **given: object) -> list[int]:
    with transaction() as session:
        farm = fabriques.producteur(session).id
        return [
            fabriques.offre(session, bourg.semaines[semaine], farm, fabriques.produit(session, nom).id, **given).id
            for nom in noms
        ]


def ecrire(bourg: Bourg, quantites: dict[int, int]) -> None:
    with transaction() as session:
        composer(session, bourg.semaine, quantites)


def lignes() -> dict[int, int]:
    with transaction() as session:
        return {line.offre_id: line.quantite for line in session.scalars(select(CompositionLigne))}


def publiee() -> tuple[object, object, object]:
    with transaction() as session:
        found = session.scalars(select(Composition)).one()
        return found.publiee_le, found.cout, found.poids


def test_a_composition_takes_the_place_of_the_one_before(bourg: Bourg) -> None:
    carrot, leek = offrir(bourg, "Carotte", "Poireau")
    ecrire(bourg, {carrot: 700, leek: 300})
    ecrire(bourg, {leek: 450})
    assert lignes() == {leek: 450}
    assert compter("SELECT count(*) FROM composition") == 1
    ecrire(bourg, {})
    assert lignes() == {}


def test_publishing_fixes_weight_and_cost_and_tells_it(bourg: Bourg) -> None:
    carrot, leek = offrir(bourg, "Carotte", "Poireau")
    ecrire(bourg, {carrot: 1000, leek: 500})
    with transaction() as session:
        found = publier(session, bourg.semaine, par=None, instant=bourg.avant(days=2))
    assert (found.poids, found.cout.centimes) == (1500, 285)
    assert publiee() == (bourg.avant(days=2), 285, 1500)
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'CompositionPubliee'") == 1


def test_a_published_composition_that_is_changed_is_published_again(bourg: Bourg) -> None:
    (carrot,) = offrir(bourg, "Carotte")
    ecrire(bourg, {carrot: 1000})
    with transaction() as session:
        publier(session, bourg.semaine, par=None, instant=bourg.avant(days=2))
    ecrire(bourg, {carrot: 900})
    assert publiee()[0] is None


@pytest.mark.parametrize("quantite", [-1, 0, QUANTITE_LA_PLUS_GRANDE + 1, 10**12])
def test_a_quantity_that_cannot_be_is_refused(bourg: Bourg, quantite: int) -> None:
    (carrot,) = offrir(bourg, "Carotte")
    with pytest.raises(Refus, match="quantité"):
        ecrire(bourg, {carrot: quantite})


def test_only_this_weeks_offers_are_composed(bourg: Bourg) -> None:
    (other,) = offrir(bourg, "Carotte", semaine=1)
    for offer in (other, 10**9):
        with pytest.raises(Refus, match="plus proposée"):
            ecrire(bourg, {offer: 500})


def test_an_empty_basket_is_not_published(bourg: Bourg) -> None:
    with pytest.raises(Refus, match="vide"), transaction() as session:
        publier(session, bourg.semaine, par=None, instant=bourg.avant(days=2))
    ecrire(bourg, {})
    with pytest.raises(Refus, match="vide"), transaction() as session:
        publier(session, bourg.semaine, par=None, instant=bourg.avant(days=2))


@pytest.mark.parametrize(("etat", "modifiable"), [("cloturee", True), ("commandee", False), ("terminee", False)])
def test_it_changes_after_the_closing_and_no_more_after_the_orders(bourg: Bourg, etat: str, modifiable: bool) -> None:
    (carrot,) = offrir(bourg, "Carotte")
    with transaction() as session:
        session.execute(text("UPDATE semaine SET etat = :e WHERE id = :s"), {"e": etat, "s": bourg.semaine})
    if modifiable:
        return ecrire(bourg, {carrot: 700})
    with pytest.raises(Refus, match="commandes"):
        ecrire(bourg, {carrot: 700})
    with pytest.raises(Refus, match="commandes"), transaction() as session:
        publier(session, bourg.semaine, par=None, instant=bourg.avant(days=2))
    return None


def test_pieces_and_exempt_farms_are_weighed_as_what_they_are(bourg: Bourg) -> None:
    with transaction() as session:
        farm = fabriques.producteur(session, franchise_tva=True).id
        salad = fabriques.produit(session, "Salade", unite="piece", poids_piece=350).id
        offer = fabriques.offre(session, bourg.semaine, farm, salad, prix=90, lot=12, quantite=120).id
        composer(session, bourg.semaine, {offer: 2})
        (found,) = ingredients(session, bourg.semaine)
    assert (found.poids, found.cout, found.lot, found.disponible) == (700, Decimal(180), 12, 120)


def test_a_week_that_does_not_exist_is_not_found(bourg: Bourg) -> None:
    with pytest.raises(Introuvable), transaction() as session:
        composer(session, 10**9, {})

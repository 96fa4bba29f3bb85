"""Offers: entered, replaced, withdrawn and repeated, until they close."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from paniers.models.producteurs import Offre
from paniers.models.semaines import Semaine
from paniers.offres import Proposition, proposer, reprendre, retirer
from tests import fabriques

pytestmark = pytest.mark.usefixtures("base")

JEUDI = date(2026, 11, 26)
MERCREDI = paris(date(2026, 11, 18), time(10))
VENDREDI = paris(date(2026, 11, 20), time(10))
BONNE = Proposition(quantite=50_000, lot=5_000, prix=180, variete="Nantaise")


class Champ:
    """One producer, two products, last week and this one."""

    def __init__(self) -> None:
        with transaction() as session:
            self.avant = fabriques.semaine(session, JEUDI - timedelta(weeks=1)).id
            self.semaine = fabriques.semaine(session, JEUDI).id
            self.producteur = fabriques.producteur(session).id
            self.voisin = fabriques.producteur(session).id
            self.carotte = fabriques.produit(session, "Carotte").id
            self.salade = fabriques.produit(session, "Salade", unite="piece", poids_piece=300).id

    def proposer(self, proposition: Proposition = BONNE, **given: object) -> None:
        values: dict[str, object] = {
            "semaine_id": self.semaine, "producteur_id": self.producteur, "produit_id": self.carotte,
            "instant": MERCREDI, "par": None,
        }  # fmt: skip
        with transaction() as session:
            proposer(session, proposition=proposition, **(values | given))  # type: ignore[arg-type]

    def offres(self) -> list[tuple[int, int, str]]:
        with reading() as session:
            found = session.execute(
                select(Offre.produit_id, Offre.quantite, Offre.variete)
                .where(Offre.semaine_id == self.semaine, Offre.producteur_id == self.producteur)
                .order_by(Offre.produit_id)
            )
            return [tuple(row) for row in found]  # type: ignore[misc]

    def reprendre(self) -> int:
        with transaction() as session:
            return reprendre(
                session, semaine_id=self.semaine, producteur_id=self.producteur, instant=MERCREDI, par=None
            )


def test_an_offer_entered_again_replaces_the_first() -> None:
    champ = Champ()
    champ.proposer()
    champ.proposer(Proposition(quantite=20_000, lot=5_000, prix=190))
    assert champ.offres() == [(champ.carotte, 20_000, "")]


def test_offers_close_at_their_instant_and_not_before() -> None:
    champ = Champ()
    limit = paris(date(2026, 11, 19), time(23, 59))
    champ.proposer(instant=limit - timedelta(seconds=1))
    with pytest.raises(Refus, match="arrêtées jeudi 19 novembre"):
        champ.proposer(Proposition(1000, 1000, 100), instant=limit)
    assert champ.offres() == [(champ.carotte, 50_000, "Nantaise")]


def test_the_coordination_enters_what_came_by_telephone_until_the_orders_go() -> None:
    champ = Champ()
    champ.proposer(instant=VENDREDI, coordination=True)
    assert len(champ.offres()) == 1
    with transaction() as session:
        session.get_one(Semaine, champ.semaine).etat = "commandee"
    with pytest.raises(Refus, match="commandes de cette semaine sont parties"):
        champ.proposer(instant=VENDREDI, coordination=True)


@pytest.mark.parametrize(
    "impossible",
    [
        Proposition(0, 1, 100), Proposition(-5, 1, 100), Proposition(10**12, 1, 100), Proposition(1000, 0, 100),
        Proposition(1000, 2000, 100), Proposition(1000, 100, 0), Proposition(1000, 100, 10**9),
    ],
)  # fmt: skip
def test_figures_that_cannot_be_are_refused_and_nothing_is_written(impossible: Proposition) -> None:
    champ = Champ()
    with pytest.raises(Refus):
        champ.proposer(impossible)
    assert champ.offres() == []


def test_an_unknown_week_product_or_producer_is_refused() -> None:
    champ = Champ()
    with pytest.raises(Introuvable):
        champ.proposer(semaine_id=10**9)
    with pytest.raises(Introuvable):
        champ.proposer(producteur_id=10**9)
    with pytest.raises(Refus, match="pas dans la liste"):
        champ.proposer(produit_id=10**9)


def test_last_week_is_repeated_once_and_keeps_what_is_there_already() -> None:
    champ = Champ()
    champ.proposer(semaine_id=champ.avant, instant=MERCREDI - timedelta(weeks=1))
    champ.proposer(Proposition(60, 12, 110), semaine_id=champ.avant, produit_id=champ.salade,
                   instant=MERCREDI - timedelta(weeks=1))  # fmt: skip
    champ.proposer(Proposition(7_000, 1_000, 200))
    assert champ.reprendre() == 1
    assert champ.reprendre() == 0
    assert champ.offres() == [(champ.carotte, 7_000, ""), (champ.salade, 60, "")]


def test_a_neighbours_offers_are_not_repeated() -> None:
    champ = Champ()
    champ.proposer(semaine_id=champ.avant, producteur_id=champ.voisin, instant=MERCREDI - timedelta(weeks=1))
    with pytest.raises(Refus, match="pas encore d’offre à reprendre"):
        champ.reprendre()


def test_what_the_published_basket_is_made_of_neither_changes_nor_goes() -> None:
    champ = Champ()
    champ.proposer()
    with transaction() as session:
        offer = session.scalars(select(Offre)).one()
        fabriques.composition(session, champ.semaine, {offer.id: 700})
    with pytest.raises(Refus, match="déjà dans le panier publié"):
        champ.proposer(Proposition(1_000, 1_000, 100))
    with pytest.raises(Refus, match="déjà dans le panier"), transaction() as session:
        retirer(session, offer.id, instant=MERCREDI)


def test_an_offer_withdrawn_twice_is_gone_once() -> None:
    champ = Champ()
    champ.proposer()
    with reading() as session:
        offer = session.scalars(select(Offre.id)).one()
    for _again in range(2):
        with transaction() as session:
            retirer(session, offer, instant=MERCREDI)
    assert champ.offres() == []

"""An ordered week whose producer is short: what was asked, what is corrected, what is left."""

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import text

from kernel.db import reading, transaction
from paniers import verifications
from paniers.cloture import cloturer
from paniers.commandes import commander, repondre
from paniers.penuries import Demande, corriger
from tests import fabriques
from tests.paniers.bourg import Bourg, batir, peupler


@dataclass(frozen=True)
class Semaine48:
    """An ordered week of four baskets: 500 g of carrots and a cabbage, from two farms; a third one has offers left."""

    bourg: Bourg
    carottes: int
    chou: int
    autres_carottes: int
    poires: int
    commandes: tuple[int, int]

    @property
    def instant(self) -> object:
        return self.bourg.apres(hours=30)


@pytest.fixture
def semaine(base: str) -> Semaine48:
    return ordonner()


def ordonner() -> Semaine48:
    with transaction() as session:
        bourg = batir(session)
        peupler(session, bourg, [(0, 1, 300), (0, 2, 700), (1, 1, None)])
        farms = [fabriques.producteur(session, franchise_tva=exempt).id for exempt in (False, True, False)]
        carrot, pear = fabriques.produit(session, "Carotte"), fabriques.produit(session, "Poire")
        cabbage = fabriques.produit(session, "Chou", unite="piece", poids_piece=900)
        week = bourg.semaine
        carrots = fabriques.offre(session, week, farms[0], carrot.id, quantite=20_000, lot=1_000, prix=150).id
        cabbages = fabriques.offre(session, week, farms[1], cabbage.id, quantite=20, lot=2, prix=120).id
        others = fabriques.offre(session, week, farms[2], carrot.id, quantite=5_000, lot=500, prix=170).id
        pears = fabriques.offre(session, week, farms[2], pear.id, quantite=50_000, lot=2_500, prix=220).id
        fabriques.composition(session, week, {carrots: 500, cabbages: 1})
        cloturer(session, week, instant=bourg.apres(minutes=1))
    with transaction() as session:
        first, second = commander(session, week, instant=bourg.apres(hours=7))
        return Semaine48(bourg, carrots, cabbages, others, pears, (first.id, second.id))


def demande(quantites: dict[int, int], **given: object) -> Demande:
    made = Demande(quantites, credit=0, motif="Le gel a pris des carottes.", vues=0)
    return replace(made, **given)  # type: ignore[arg-type]


def faire(semaine: Semaine48, wanted: Demande) -> int:
    with transaction() as session:
        return corriger(session, semaine.bourg.semaine, wanted, instant=semaine.bourg.apres(hours=30), par=None).id


def manquer(semaine: Semaine48, disponible: int) -> None:
    with transaction() as session:
        repondre(
            session,
            semaine.commandes[0],
            message=None,
            disponibles={semaine.carottes: disponible},
            instant=semaine.bourg.apres(hours=9),
        )


def lignes() -> dict[tuple[int, int, int | None], int]:
    with reading() as session:
        rows = session.execute(text("SELECT commande_id, offre_id, maison_id, quantite FROM commande_ligne"))
        return {(order, offer, place): quantity for order, offer, place, quantity in rows}


def tout_tient() -> list[str]:
    with reading() as session:
        return verifications.verifier(session)

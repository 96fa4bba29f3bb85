"""The price that is agreed for an offer on its pick-up day, and whether the offer keeps to it.

An offer keeps to the contract when its price is at most the agreed one. Any other (no contract that day, no price for
that product, a list that has changed since) is "hors contrat": it is taken and shown, and the coordination accepts it
before a basket is made with it. That is read, never stored: only the acceptance is a fact.
"""

from collections.abc import Collection
from datetime import date

from sqlalchemy import ColumnElement, ScalarSelect, SQLColumnExpression, func, select
from sqlalchemy.orm import Session, aliased

from kernel.errors import Refus
from paniers.models.contrats import Contrat, PrixConvenu
from paniers.models.producteurs import Offre, Producteur, Produit
from paniers.models.semaines import Semaine

_PlusTard = aliased(PrixConvenu)


def convenu() -> ScalarSelect[int]:
    """In a query of `Offre` and `Semaine`: the agreed price of that product on that pick-up day, NULL without one."""
    return (
        select(PrixConvenu.prix)
        .join(Contrat, Contrat.id == PrixConvenu.contrat_id)
        .where(Contrat.producteur_id == Offre.producteur_id, PrixConvenu.produit_id == Offre.produit_id)
        .where(Semaine.retrait_le.between(Contrat.debut, Contrat.fin))
        .where(PrixConvenu.effet_le == _liste_du(Semaine.retrait_le))
        .correlate(Offre, Semaine)
        .scalar_subquery()
    )


def hors_contrat() -> ColumnElement[bool]:
    """In a query of `Offre` and `Semaine`: the offer does not keep to an agreed price."""
    return Offre.prix > func.coalesce(convenu(), 0)


def a_accepter() -> ColumnElement[bool]:
    """In a query of `Offre` and `Semaine`: no basket may be made with the offer yet."""
    return Offre.acceptee_le.is_(None) & hors_contrat()


def prix_convenus(session: Session, producteur_id: int, jour: date) -> dict[int, int]:
    """Product → its agreed price for the pick-ups of that day (centimes before tax). One query."""
    found = session.execute(
        select(PrixConvenu.produit_id, PrixConvenu.prix)
        .join(Contrat, Contrat.id == PrixConvenu.contrat_id)
        .where(Contrat.producteur_id == producteur_id, Contrat.debut <= jour, Contrat.fin >= jour)
        .where(PrixConvenu.effet_le == _liste_du(jour))
    )
    return dict(found.all())


def exiger_accord(session: Session, semaine_id: int, offre_ids: Collection[int]) -> None:
    """Every one of these offers keeps to its contract, or has been accepted. Raises Refus, naming the first."""
    found = session.execute(
        select(Produit.nom, Producteur.nom)
        .select_from(Offre)
        .join(Semaine, Semaine.id == Offre.semaine_id)
        .join(Produit, Produit.id == Offre.produit_id)
        .join(Producteur, Producteur.id == Offre.producteur_id)
        .where(Offre.semaine_id == semaine_id, Offre.id.in_(offre_ids), a_accepter())
        .order_by(Produit.nom)
        .limit(1)
    ).first()
    if found is not None:
        product, farm = found
        raise Refus(f"« {product} » de {farm} est hors contrat : acceptez d’abord cette offre, ou laissez-la de côté.")


def _liste_du(jour: date | SQLColumnExpression[date]) -> ScalarSelect[date]:
    """In a query of `PrixConvenu`: the day of the list that is in force on `jour` under the same contract."""
    return (
        select(func.max(_PlusTard.effet_le))
        .where(_PlusTard.contrat_id == PrixConvenu.contrat_id, _PlusTard.effet_le <= jour)
        .correlate(PrixConvenu, Semaine)
        .scalar_subquery()
    )

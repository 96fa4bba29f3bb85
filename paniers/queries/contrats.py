"""What the pages of contracts read: the farms with their contracts, one contract with its lists, what needs a look."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from kernel.errors import Introuvable
from paniers.models.contrats import Contrat, PrixConvenu
from paniers.models.producteurs import Offre, Producteur, Produit
from paniers.models.semaines import Semaine
from paniers.prix_convenus import a_accepter
from paniers.regles.quantites import Unite

BIENTOT = timedelta(weeks=4)


@dataclass(frozen=True, slots=True)
class ContratVu:
    """A contract on `jour`; `prix` counts the products of the list in force, or of the first one to come."""

    id: int
    numero: str
    debut: date
    fin: date
    prix: int
    jour: date

    @property
    def etat(self) -> str:
        """fini, a_venir, bientot (it ends within four weeks) or en_cours."""
        if self.fin < self.jour:
            return "fini"
        if self.debut > self.jour:
            return "a_venir"
        return "bientot" if self.fin <= self.jour + BIENTOT else "en_cours"


@dataclass(frozen=True, slots=True)
class FermeVue:
    """A producer with its contracts, the latest first."""

    id: int
    nom: str
    contrats: tuple[ContratVu, ...]


@dataclass(frozen=True, slots=True)
class ProduitVu:
    id: int
    nom: str
    dessin: str
    en_pieces: bool


@dataclass(frozen=True, slots=True)
class ListeVue:
    """The agreed prices from `effet_le` on, product → centimes before tax; `en_vigueur` on the day of the page."""

    effet_le: date
    prix: Mapping[int, int]
    en_vigueur: bool


@dataclass(frozen=True, slots=True)
class ContratDetail:
    """A contract with its lists, the latest first, and the products that it may name."""

    contrat: ContratVu
    producteur: str
    listes: tuple[ListeVue, ...]
    produits: tuple[ProduitVu, ...]

    @property
    def derniere(self) -> ListeVue | None:
        """What a new list starts from."""
        return self.listes[0] if self.listes else None


@dataclass(frozen=True, slots=True)
class Echeance:
    """A farm's last contract, that ends soon or has just ended, with none after it."""

    contrat_id: int
    numero: str
    producteur: str
    fin: date


def fermes(session: Session, jour: date) -> list[FermeVue]:
    """Every producer, by name. Two queries."""
    farms = session.execute(select(Producteur.id, Producteur.nom).order_by(Producteur.nom)).all()
    contracts = _contrats(session, jour)
    return [FermeVue(farm.id, farm.nom, tuple(c for owner, c in contracts if owner == farm.id)) for farm in farms]


def contrat(session: Session, contrat_id: int, jour: date) -> ContratDetail:
    """Raises Introuvable. Four queries."""
    found = session.get(Contrat, contrat_id)
    if found is None:
        raise Introuvable
    farm = session.scalars(select(Producteur.nom).where(Producteur.id == found.producteur_id)).one()
    lists = _listes(session, contrat_id, jour)
    agreed = next((kept for kept in lists if kept.en_vigueur), lists[-1] if lists else None)
    return ContratDetail(
        ContratVu(found.id, found.numero, found.debut, found.fin, len(agreed.prix) if agreed else 0, jour),
        farm,
        lists,
        tuple(produits(session)),
    )


def produits(session: Session) -> list[ProduitVu]:
    """All products, by name."""
    rows = session.scalars(select(Produit).order_by(Produit.nom))
    return [ProduitVu(row.id, row.nom, row.dessin, row.unite == Unite.PIECE) for row in rows]


def echeances(session: Session, jour: date) -> list[Echeance]:
    """Contracts that end within four weeks, or ended less than four weeks ago, and that none follows. One query."""
    later = aliased(Contrat)
    followed = exists().where(later.producteur_id == Contrat.producteur_id, later.debut > Contrat.fin)
    rows = session.execute(
        select(Contrat.id, Contrat.numero, Producteur.nom, Contrat.fin)
        .join(Producteur, Producteur.id == Contrat.producteur_id)
        .where(Contrat.fin.between(jour - BIENTOT, jour + BIENTOT), ~followed)
        .order_by(Contrat.fin, Producteur.nom)
    )
    return [Echeance(*row) for row in rows]


def combien_a_accepter(session: Session, semaine_id: int) -> int:
    """How many of the week's offers are "hors contrat" and wait for the coordination."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Offre)
            .join(Semaine, Semaine.id == Offre.semaine_id)
            .where(Semaine.id == semaine_id, a_accepter())
        )
        or 0
    )


def _contrats(session: Session, jour: date) -> list[tuple[int, ContratVu]]:
    """(producer, contract), the latest first."""
    in_force = func.coalesce(
        func.max(PrixConvenu.effet_le).filter(PrixConvenu.effet_le <= jour), func.min(PrixConvenu.effet_le)
    )
    lists = (
        select(PrixConvenu.contrat_id, in_force.label("effet_le")).group_by(PrixConvenu.contrat_id).subquery("listes")
    )
    rows = session.execute(
        select(Contrat, func.count(PrixConvenu.id))
        .outerjoin(lists, lists.c.contrat_id == Contrat.id)
        .outerjoin(PrixConvenu, (PrixConvenu.contrat_id == Contrat.id) & (PrixConvenu.effet_le == lists.c.effet_le))
        .group_by(Contrat.id)
        .order_by(Contrat.debut.desc())
    )
    return [(row.producteur_id, ContratVu(row.id, row.numero, row.debut, row.fin, n, jour)) for row, n in rows]


def _listes(session: Session, contrat_id: int, jour: date) -> tuple[ListeVue, ...]:
    rows = session.execute(
        select(PrixConvenu.effet_le, PrixConvenu.produit_id, PrixConvenu.prix)
        .where(PrixConvenu.contrat_id == contrat_id)
        .order_by(PrixConvenu.effet_le.desc())
    ).all()
    by_day = [(day, {row.produit_id: row.prix for row in group}) for day, group in groupby(rows, lambda r: r.effet_le)]
    started = [day for day, _prices in by_day if day <= jour]
    return tuple(ListeVue(day, prices, bool(started) and day == started[0]) for day, prices in by_day)

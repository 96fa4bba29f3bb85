"""What is read of one basket at the door: whose it is, who comes for it, what it holds, what was done with it.

No price here: what a household owes is read for one basket at a time, and only for those who may know it.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ScalarSelect, Select, bindparam, case, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from foyers.models import Compte, Foyer, Maison, Membre
from kernel import qr
from kernel.errors import Introuvable
from paiements import grand_livre
from paniers.agenda import rendez_vous
from paniers.models.producteurs import Composition, CompositionLigne, Offre, Produit
from paniers.models.retrait import Arrivee, ArriveeManque, Don, Procuration
from paniers.models.semaines import EtatPanier, Panier, Retrait, Semaine
from paniers.procurations import pour_le_panier
from paniers.regles.quantites import quantite


@dataclass(frozen=True, slots=True)
class Geste:
    """A hand-out or its undoing, as it is told on the basket's page; `a` is who came in the household's place."""

    moyen: str
    le: datetime
    par: str | None
    a: str | None


@dataclass(frozen=True, slots=True)
class Contenu:
    """A product of the basket, its quantity written out."""

    nom: str
    slug: str
    quantite: str


@dataclass(frozen=True, slots=True)
class DonVu:
    """To whom a basket was given, and when."""

    a: str
    le: datetime


@dataclass(frozen=True, slots=True)
class PanierVu:
    """One basket as the agent at the door needs it; no price, no band. `proche` is expected in the household's place.

    `manques`: product, how many baskets of the maison lack it, whether all of them do.

    `reste` is what the household owes, in centimes, read only for those who may know it.
    """

    id: int
    numero: int
    prenom: str
    nom: str
    nombre: int
    etat: str
    foyer_id: int
    maison_id: int
    maison: str
    semaine_id: int
    retrait_le: date
    proche_prenom: str | None
    proche_nom: str | None
    a_donner: bool
    contenu: tuple[Contenu, ...]
    manques: tuple[tuple[str, int, bool], ...]
    don: DonVu | None
    reste: int | None

    @property
    def remis(self) -> bool:
        return self.etat == EtatPanier.REMIS

    @property
    def court(self) -> str:
        """What a bénévole may read: first name and initial."""
        return f"{self.prenom} {self.nom[:1]}." if self.prenom and self.nom else self.prenom or f"n° {self.numero}"

    @property
    def complet(self) -> str:
        return f"{self.prenom} {self.nom}".strip()

    @property
    def proche(self) -> str:
        return f"{self.proche_prenom} {self.proche_nom}" if self.proche_prenom else ""


def panier(session: Session, panier_id: int, *, avec_reste: bool = False) -> PanierVu:
    """One basket, all that its answer says in one statement. Raises Introuvable."""
    row = session.execute(_un_panier(avec_reste=avec_reste), {"panier": panier_id}).one_or_none()
    if row is None:
        raise Introuvable
    *known, held, lacking, gift, owes = cast("tuple[Any, ...]", row)
    contents = tuple(Contenu(nom, slug, quantite(combien, unite)) for nom, slug, combien, unite in held or ())
    given = DonVu(gift[0], datetime.fromisoformat(gift[1])) if gift else None
    due = max(owes, 0) if owes is not None else None
    return PanierVu(*(*known, contents, tuple(map(tuple, lacking or ())), given, due))


@lru_cache(maxsize=2)
def _un_panier(*, avec_reste: bool) -> Select[*tuple[Any, ...]]:
    """Built once: at the door a basket is read for every scan, and building this takes longer than asking it."""
    owed = grand_livre.solde_en_sql(Panier.foyer_id) if avec_reste else literal(None)
    return (
        select(
            Panier.id,
            Panier.numero,
            func.coalesce(Membre.prenom, ""),
            func.coalesce(Membre.nom, Foyer.nom),
            Panier.nombre,
            Panier.etat,
            Panier.foyer_id,
            Panier.maison_id,
            Maison.nom,
            Panier.semaine_id,
            Semaine.retrait_le,
            Procuration.prenom,
            Procuration.nom,
            Panier.a_donner,
            _contenu(),
            _manques(),
            _don(),
            owed,
        )
        .join(Foyer, Foyer.id == Panier.foyer_id)
        .join(Maison, Maison.id == Panier.maison_id)
        .join(Semaine, Semaine.id == Panier.semaine_id)
        .outerjoin(Membre, (Membre.foyer_id == Foyer.id) & Membre.referent)
        .outerjoin(Procuration, Procuration.id == pour_le_panier(Panier.foyer_id, Panier.semaine_id))
        .where(Panier.id == bindparam("panier"))
    )


def au_vrai_jour(session: Session, vu: PanierVu) -> PanierVu:
    """The same basket with the day on which its maison really hands out, to tell people."""
    week = session.get_one(Semaine, vu.semaine_id)
    return replace(vu, retrait_le=rendez_vous(session, week, vu.maison_id).jour)


def _contenu() -> ScalarSelect[list[tuple[str, str, int, str]]]:
    """What one basket of the week holds, once that is published: a JSON list of name, drawing, quantity and unit."""
    line = func.json_build_array(Produit.nom, Produit.dessin, CompositionLigne.quantite, Produit.unite)
    return (
        select(func.json_agg(aggregate_order_by(line, Produit.nom)))
        .join(Offre, Offre.produit_id == Produit.id)
        .join(CompositionLigne, CompositionLigne.offre_id == Offre.id)
        .join(Composition, Composition.id == CompositionLigne.composition_id)
        .where(Composition.semaine_id == Panier.semaine_id, Composition.publiee_le.is_not(None))
        .correlate(Panier)
        .scalar_subquery()
    )


def _manques() -> ScalarSelect[list[tuple[str, int, bool]]]:
    """What is missing at its maison: a JSON list of product, how many baskets lack it, whether all do."""
    line = func.json_build_array(Produit.nom, ArriveeManque.paniers, ArriveeManque.tous)
    return (
        select(func.json_agg(aggregate_order_by(line, Produit.nom)))
        .select_from(Arrivee)
        .join(ArriveeManque, ArriveeManque.arrivee_id == Arrivee.id)
        .join(Offre, Offre.id == ArriveeManque.offre_id)
        .join(Produit, Produit.id == Offre.produit_id)
        .join(CompositionLigne, CompositionLigne.offre_id == Offre.id)
        .where(Arrivee.semaine_id == Panier.semaine_id, Arrivee.maison_id == Panier.maison_id)
        .correlate(Panier)
        .scalar_subquery()
    )


def _don() -> ScalarSelect[tuple[str, str] | None]:
    """The gift that stands, if the basket is given: to whom, and when."""
    return (
        select(func.json_build_array(Don.a, Don.le))
        .where(Don.panier_id == Panier.id, Don.annule_id.is_(None), Panier.etat == EtatPanier.DONNE)
        .order_by(Don.id.desc())
        .limit(1)
        .correlate(Panier)
        .scalar_subquery()
    )


def maison_du_panier(session: Session, panier_id: int) -> int | None:
    return session.scalar(select(Panier.maison_id).where(Panier.id == panier_id))


def gestes(session: Session, panier_id: int) -> list[Geste]:
    """What was done with the basket, the latest first: handed out, given, or either undone."""
    rows = session.execute(
        select(Retrait.moyen, Retrait.le, Compte.nom, Procuration.prenom + " " + Procuration.nom)
        .outerjoin(Compte, Compte.id == Retrait.par)
        .outerjoin(Procuration, Procuration.id == Retrait.procuration_id)
        .where(Retrait.panier_id == panier_id)
    )
    gifts = session.execute(
        select(case((Don.annule_id.is_(None), "don"), else_="reprise"), Don.le, Compte.nom, Don.a)
        .outerjoin(Compte, Compte.id == Don.par)
        .where(Don.panier_id == panier_id)
    )
    return sorted((Geste(*row) for row in (*rows, *gifts)), key=lambda done: done.le, reverse=True)


def panier_du_bon(session: Session, texte: str, day: date, *, avec_reste: bool) -> PanierVu | None:
    """The basket of a genuine voucher that is shown on another day than its own, to say which."""
    try:
        voucher = qr.verify(texte, day)
    except qr.Expired as expired:
        voucher = expired.voucher
    except qr.BadVoucher:
        return None
    panier_id = session.scalar(select(Panier.id).where(Panier.bon == voucher.id))
    return panier(session, panier_id, avec_reste=avec_reste) if panier_id is not None else None

"""What the coordination reads when something is short: which lines, what could take their place, what was corrected."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.models import Compte
from paniers.models.producteurs import (
    Commande,
    CommandeLigne,
    Composition,
    CompositionLigne,
    Correction,
    CorrectionCommande,
    CorrectionLigne,
    Manque,
    Offre,
    Producteur,
    Produit,
)
from paniers.models.semaines import Semaine
from paniers.penuries import disponibles
from paniers.prix_convenus import a_accepter
from paniers.regles.quantites import Unite, quantite
from paniers.regles.remplacements import Possible


@dataclass(frozen=True, slots=True)
class LigneCourte:
    """A product of an order that its producer cannot bring in full; grams or pieces."""

    commande_id: int
    offre_id: int
    numero: str
    producteur: str
    telephone: str
    produit: str
    dessin: str
    unite: str
    commandee: int
    disponible: int
    au_telephone: bool

    @property
    def en_mots(self) -> str:
        """``40 kg sur 60 kg``."""
        return f"{quantite(self.disponible, self.unite)} sur {quantite(self.commandee, self.unite)}"

    @property
    def manque(self) -> str:
        return quantite(self.commandee - self.disponible, self.unite)


@dataclass(frozen=True, slots=True)
class ChangementVu:
    """One product of the basket before and after, written out; empty when it is not in it."""

    produit: str
    dessin: str
    producteur: str
    avant: str
    apres: str


@dataclass(frozen=True, slots=True)
class VersionVue:
    """An order that was written anew; totals with tax, centimes."""

    producteur: str
    numero: str
    version: int
    avant: int
    apres: int


@dataclass(frozen=True, slots=True)
class CorrectionVue:
    """A correction with all that it changed; `par` is a name, empty for nobody known."""

    numero: int
    faite_le: datetime
    par: str
    motif: str
    credit: int
    changements: tuple[ChangementVu, ...]
    commandes: tuple[VersionVue, ...]


def manques(session: Session, semaine_id: int) -> list[LigneCourte]:
    """What is short this week and waits for a correction, by producer and product. One query."""
    ordered = (
        select(CommandeLigne.commande_id, CommandeLigne.offre_id, func.sum(CommandeLigne.quantite).label("en_tout"))
        .group_by(CommandeLigne.commande_id, CommandeLigne.offre_id)
        .subquery()
    )
    rows = session.execute(
        select(Manque, Commande.numero, Producteur, Produit, ordered.c.en_tout)
        .join(Commande, Commande.id == Manque.commande_id)
        .join(Producteur, Producteur.id == Commande.producteur_id)
        .join(Offre, Offre.id == Manque.offre_id)
        .join(Produit, Produit.id == Offre.produit_id)
        .join(ordered, (ordered.c.commande_id == Manque.commande_id) & (ordered.c.offre_id == Manque.offre_id))
        .where(Commande.semaine_id == semaine_id, Manque.correction_id.is_(None))
        .order_by(Producteur.nom, Produit.nom)
    )
    return [
        LigneCourte(
            commande_id=short.commande_id,
            offre_id=short.offre_id,
            numero=numero,
            producteur=farm.nom,
            telephone=farm.telephone,
            produit=product.nom,
            dessin=product.dessin,
            unite=product.unite,
            commandee=int(total),
            disponible=short.disponible,
            au_telephone=short.dit_par is not None,
        )
        for short, numero, farm, product, total in rows
    ]


def possibles(session: Session, semaine_id: int) -> list[Possible]:
    """The offers of the week that a basket may be made with, and what is left of them. Two queries."""
    left = disponibles(session, semaine_id)
    composed = (
        select(CompositionLigne.offre_id, CompositionLigne.quantite)
        .join(Composition, Composition.id == CompositionLigne.composition_id)
        .where(Composition.semaine_id == semaine_id)
        .subquery()
    )
    rows = session.execute(
        select(Offre, Produit, Producteur.nom, func.coalesce(composed.c.quantite, 0))
        .join(Produit, Produit.id == Offre.produit_id)
        .join(Producteur, Producteur.id == Offre.producteur_id)
        .join(Semaine, Semaine.id == Offre.semaine_id)
        .outerjoin(composed, composed.c.offre_id == Offre.id)
        .where(Offre.semaine_id == semaine_id, ~a_accepter())
        .order_by(Produit.nom, Offre.id)
    )
    return [
        Possible(
            offre_id=offer.id,
            produit_id=product.id,
            nom=product.nom,
            producteur=farm,
            en_pieces=product.unite == Unite.PIECE,
            poids_piece=product.poids_piece,
            disponible=min(offer.quantite, left.get(offer.id, offer.quantite)),
            lot=offer.lot,
            prix=offer.prix,
            par_panier=composed_now,
        )
        for offer, product, farm, composed_now in rows
    ]


def corrections(session: Session, semaine_id: int) -> list[CorrectionVue]:
    """The week's corrections, the latest first. Three queries."""
    made = session.execute(
        select(Correction, Compte.nom)
        .outerjoin(Compte, Compte.id == Correction.faite_par)
        .where(Correction.semaine_id == semaine_id)
        .order_by(Correction.numero.desc())
    ).all()
    changes, versions = _changements(session, semaine_id), _versions(session, semaine_id)
    return [
        CorrectionVue(
            numero=row.numero,
            faite_le=row.faite_le,
            par=name or "",
            motif=row.motif,
            credit=row.credit,
            changements=tuple(changes.get(row.id, ())),
            commandes=tuple(versions.get(row.id, ())),
        )
        for row, name in made
    ]


def _changements(session: Session, semaine_id: int) -> Mapping[int, list[ChangementVu]]:
    rows = session.execute(
        select(CorrectionLigne, Produit, Producteur.nom)
        .join(Correction, Correction.id == CorrectionLigne.correction_id)
        .join(Offre, Offre.id == CorrectionLigne.offre_id)
        .join(Produit, Produit.id == Offre.produit_id)
        .join(Producteur, Producteur.id == Offre.producteur_id)
        .where(Correction.semaine_id == semaine_id)
        .order_by(Produit.nom, Producteur.nom)
    )
    found: dict[int, list[ChangementVu]] = {}
    for line, product, farm in rows:
        before, after = (quantite(q, product.unite) if q else "" for q in (line.avant, line.apres))
        seen = ChangementVu(product.nom, product.dessin, farm, before, after)
        found.setdefault(line.correction_id, []).append(seen)
    return found


def _versions(session: Session, semaine_id: int) -> Mapping[int, list[VersionVue]]:
    rows = session.execute(
        select(CorrectionCommande, Commande.numero, Producteur.nom)
        .join(Correction, Correction.id == CorrectionCommande.correction_id)
        .join(Commande, Commande.id == CorrectionCommande.commande_id)
        .join(Producteur, Producteur.id == Commande.producteur_id)
        .where(Correction.semaine_id == semaine_id)
        .order_by(Producteur.nom)
    )
    found: dict[int, list[VersionVue]] = {}
    for row, numero, farm in rows:
        found.setdefault(row.correction_id, []).append(VersionVue(farm, numero, row.version, row.avant, row.apres))
    return found

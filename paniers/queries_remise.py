"""What is read of one basket at the door: whose it is, what it holds, what was done with it.

No price here: what a household owes is read for one basket at a time, and only by those who may know it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.models import Compte, Foyer, Maison, Membre
from kernel import qr
from kernel.errors import Introuvable
from paiements import grand_livre
from paniers.models import EtatPanier, Panier, Retrait, Semaine
from paniers.models_producteurs import Composition, CompositionLigne, Offre, Produit
from paniers.quantites import quantite
from paniers.retraits import par_bon


@dataclass(frozen=True, slots=True)
class Geste:
    """A hand-out or its undoing, as it is told on the basket's page."""

    moyen: str
    le: datetime
    par: str | None


@dataclass(frozen=True, slots=True)
class PanierVu:
    """One basket as the agent at the door needs it; no price, no band."""

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

    @property
    def remis(self) -> bool:
        return self.etat == EtatPanier.REMIS

    @property
    def court(self) -> str:
        return f"{self.prenom} {self.nom[:1]}." if self.prenom and self.nom else self.prenom or self.nom

    @property
    def complet(self) -> str:
        return f"{self.prenom} {self.nom}".strip()


@dataclass(frozen=True, slots=True)
class Contenu:
    """A product of the basket, its quantity written out."""

    nom: str
    slug: str
    quantite: str


def panier(session: Session, panier_id: int) -> PanierVu:
    """One basket. Raises Introuvable."""
    row = session.execute(
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
        )
        .join(Foyer, Foyer.id == Panier.foyer_id)
        .join(Maison, Maison.id == Panier.maison_id)
        .join(Semaine, Semaine.id == Panier.semaine_id)
        .outerjoin(Membre, (Membre.foyer_id == Foyer.id) & Membre.referent)
        .where(Panier.id == panier_id)
    ).one_or_none()
    if row is None:
        raise Introuvable
    return PanierVu(*row)


def maison_du_panier(session: Session, panier_id: int) -> int | None:
    return session.scalar(select(Panier.maison_id).where(Panier.id == panier_id))


def gestes(session: Session, panier_id: int) -> list[Geste]:
    """What was done with the basket, the latest first."""
    rows = session.execute(
        select(Retrait.moyen, Retrait.le, Compte.nom)
        .outerjoin(Compte, Compte.id == Retrait.par)
        .where(Retrait.panier_id == panier_id)
        .order_by(Retrait.id.desc())
    )
    return [Geste(*row) for row in rows]


def contenu(session: Session, semaine_id: int) -> list[Contenu]:
    """What one basket of the week holds, once that is published."""
    rows = session.execute(
        select(Produit.nom, Produit.dessin, CompositionLigne.quantite, Produit.unite)
        .join(Offre, Offre.produit_id == Produit.id)
        .join(CompositionLigne, CompositionLigne.offre_id == Offre.id)
        .join(Composition, Composition.id == CompositionLigne.composition_id)
        .where(Composition.semaine_id == semaine_id, Composition.publiee_le.is_not(None))
        .order_by(Produit.nom)
    )
    return [Contenu(nom, slug, quantite(combien, unite)) for nom, slug, combien, unite in rows]


def reste_a_payer(session: Session, foyer_id: int) -> int:
    """What the household owes, in centimes; for the second tap of an agent, never for a bénévole."""
    return max(grand_livre.solde(session, foyer_id), 0)


def panier_du_bon(session: Session, texte: str, day: date) -> PanierVu | None:
    """The basket of a genuine voucher that is shown on another day than its own, to say which."""
    try:
        voucher = qr.verify(texte, day)
    except qr.Expired as expired:
        voucher = expired.voucher
    except qr.BadVoucher:
        return None
    panier_id = par_bon(session, voucher.id)
    return panier(session, panier_id) if panier_id is not None else None

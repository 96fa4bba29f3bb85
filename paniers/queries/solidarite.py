"""What is read of given baskets: by the door, and by the coordination. A bounded number of queries a page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.models import Compte, Foyer, Maison, Membre
from paniers.models.retrait import AvoirPanier, Don
from paniers.models.semaines import EtatPanier, Panier

A_QUI_CONNUS = 6


@dataclass(frozen=True, slots=True)
class DonDeLaSemaine:
    """A given basket as the coordination reads it; `prix` in centimes for all of `nombre`. `voulu`: by its family."""

    panier_id: int
    maison: str
    numero: int
    famille: str
    foyer_id: int
    nombre: int
    prix: int
    voulu: bool
    a: str
    le: datetime
    par: str | None
    rendu_le: datetime | None
    motif: str | None


def a_qui(session: Session, maison_id: int) -> list[str]:
    """To whom this maison has given baskets, the latest first, to write it once only. One query."""
    rows = session.execute(
        select(Don.a)
        .join(Panier, Panier.id == Don.panier_id)
        .where(Panier.maison_id == maison_id, Don.a.is_not(None))
        .group_by(Don.a)
        .order_by(func.max(Don.le).desc())
        .limit(A_QUI_CONNUS)
    )
    return [row[0] for row in rows if row[0]]


def dons(session: Session, semaine_id: int) -> list[DonDeLaSemaine]:
    """The week's given baskets by maison and number. One query."""
    undone = select(Don.annule_id).where(Don.annule_id.is_not(None))
    rows = session.execute(
        select(
            Panier.id,
            Maison.nom,
            Panier.numero,
            func.concat_ws(" ", Membre.prenom, func.coalesce(Membre.nom, Foyer.nom)),
            Foyer.id,
            Panier.nombre,
            Panier.nombre * Panier.prix,
            Panier.a_donner,
            Don.a,
            Don.le,
            Compte.nom,
            AvoirPanier.le,
            AvoirPanier.motif,
        )
        .join(Don, (Don.panier_id == Panier.id) & Don.annule_id.is_(None) & Don.id.not_in(undone))
        .join(Maison, Maison.id == Panier.maison_id)
        .join(Foyer, Foyer.id == Panier.foyer_id)
        .outerjoin(Membre, (Membre.foyer_id == Foyer.id) & Membre.referent)
        .outerjoin(Compte, Compte.id == Don.par)
        .outerjoin(AvoirPanier, AvoirPanier.panier_id == Panier.id)
        .where(Panier.semaine_id == semaine_id, Panier.etat == EtatPanier.DONNE)
        .order_by(Maison.nom, Panier.numero)
    )
    return [DonDeLaSemaine(*row) for row in rows]

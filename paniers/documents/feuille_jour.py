"""A maison's sheet of the day: who was expected, who came, what was left, what was given; to sign and to file.

In three steps like every document, so that no transaction is open while pages are laid out. No price is read here.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from foyers.models import Foyer, Maison, Membre
from kernel import pdf
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.documents import Document
from kernel.formats import jour
from paniers.agenda import rendez_vous
from paniers.documents.bons_retrait import Lieu, lieu_du_rendez_vous
from paniers.documents.fichiers import Fichier, nom_de_fichier, ranger
from paniers.models.retrait import Don, Procuration
from paniers.models.semaines import EtatPanier, Panier, Retrait, Semaine
from paniers.queries.arrivee import arrivee
from paniers.retraits import Moyen


@dataclass(frozen=True, slots=True)
class Ligne:
    """One basket of the day: `le` and `proche` when it was handed out, `a` to whom it was given."""

    numero: int
    nom: str
    prenom: str
    nombre: int
    etat: str
    a_donner: bool
    le: datetime | None
    proche: str | None
    a: str | None


@dataclass(frozen=True, slots=True)
class Feuille:
    """All that the sheet says; `manques`: product, how many baskets lacked it, whether all did."""

    lieu: Lieu
    lignes: tuple[Ligne, ...]
    manques: tuple[tuple[str, int, bool], ...]
    regarde_le: datetime | None
    faite_le: datetime


def preparer(semaine_id: int, maison_id: int) -> None:
    """Make the sheet as the day stands now and keep it; safe to repeat. Opens its own sessions, as an actor must."""
    with reading() as session:
        feuille = lire(session, semaine_id, maison_id, now())
    name = nom_de_fichier("feuille du jour", feuille.lieu.nom, jour(feuille.lieu.jour), extension="pdf")
    with transaction() as session:
        ranger(session, [Fichier(cle(semaine_id, maison_id), name, rendre(feuille))])


def cle(semaine_id: int, maison_id: int) -> str:
    return f"feuille:{semaine_id}:{maison_id}"


def faite_le(session: Session, semaine_id: int, maison_id: int) -> datetime | None:
    """When the sheet was last made, if it was."""
    return session.scalar(select(Document.made_at).where(Document.key == cle(semaine_id, maison_id)))


def lire(session: Session, semaine_id: int, maison_id: int, instant: datetime) -> Feuille:
    """What the sheet says; six queries."""
    semaine, maison = session.get_one(Semaine, semaine_id), session.get_one(Maison, maison_id)
    came = arrivee(session, semaine_id, maison_id)
    return Feuille(
        lieu_du_rendez_vous(maison, rendez_vous(session, semaine, maison_id)),
        _lignes(session, semaine_id, maison_id),
        tuple((product.nom, product.manque, product.tous) for product in came.manques),
        came.le,
        instant,
    )


def rendre(feuille: Feuille) -> bytes:
    """The sheet, A4."""
    lines = feuille.lignes
    came = [line for line in lines if line.etat == EtatPanier.REMIS]
    given = [line for line in lines if line.etat == EtatPanier.DONNE]
    context = {
        "lieu": asdict(feuille.lieu),
        "lignes": [asdict(line) for line in lines],
        "manques": feuille.manques,
        "regarde_le": feuille.regarde_le,
        "faite_le": feuille.faite_le,
        "prevus": sum(line.nombre for line in lines),
        "remis": sum(line.nombre for line in came),
        "donnes": sum(line.nombre for line in given),
        "familles": len(lines),
        "venues": len(came),
        "dons": [asdict(line) for line in given],
    }
    return pdf.render("pdf/feuille.html", context)


def _lignes(session: Session, semaine_id: int, maison_id: int) -> tuple[Ligne, ...]:
    """The maison's baskets by name, each with its last hand-out and its last gift where these stand. One query."""
    gesture, gift = aliased(Retrait), aliased(Don)
    handed = select(func.max(gesture.id)).where(gesture.panier_id == Panier.id, gesture.moyen != Moyen.ANNULATION)
    given = select(func.max(gift.id)).where(gift.panier_id == Panier.id, gift.annule_id.is_(None))
    remise = Retrait.id == handed.correlate(Panier).scalar_subquery()
    don = Don.id == given.correlate(Panier).scalar_subquery()
    rows = session.execute(
        select(
            Panier.numero,
            func.coalesce(Membre.nom, Foyer.nom),
            func.coalesce(Membre.prenom, ""),
            Panier.nombre,
            Panier.etat,
            Panier.a_donner,
            Retrait.le,
            Procuration.prenom + " " + Procuration.nom,
            Don.a,
        )
        .join(Foyer, Foyer.id == Panier.foyer_id)
        .outerjoin(Membre, (Membre.foyer_id == Foyer.id) & Membre.referent)
        .outerjoin(Retrait, remise & (Panier.etat == EtatPanier.REMIS))
        .outerjoin(Procuration, Procuration.id == Retrait.procuration_id)
        .outerjoin(Don, don & (Panier.etat == EtatPanier.DONNE))
        .where(Panier.semaine_id == semaine_id, Panier.maison_id == maison_id, Panier.etat != EtatPanier.ANNULE)
        .order_by(Foyer.nom_plie, func.lower(Membre.prenom), Panier.numero)
    )
    return tuple(Ligne(*row) for row in rows)

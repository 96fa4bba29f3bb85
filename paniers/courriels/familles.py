"""What is told by e-mail about baskets. Each message has a key, so it is written once whatever happens twice."""

from dataclasses import asdict, dataclass
from datetime import date, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.messages import Annonce, dire, dire_a_plusieurs
from foyers.models import Compte, Maison
from kernel.mail import queue_mail
from kernel.settings import get_settings
from kernel.web.access import Role
from paniers.agenda import agenda
from paniers.models.producteurs import Composition, CompositionLigne, Correction, CorrectionLigne, Offre, Produit
from paniers.models.semaines import Abonnement, AbonnementVersion, EtatPanier, Panier, Semaine
from paniers.regles.quantites import quantite


@dataclass(frozen=True, slots=True)
class _Abonnement:
    nombre: int
    maison: str
    adresse_maison: str
    retrait_debut: time
    retrait_fin: time
    debut: date
    fin: date


def abonnement_confirme(session: Session, abonnement_id: int) -> None:
    """Tell the household what it has subscribed to."""
    row = session.execute(
        select(Abonnement.foyer_id, AbonnementVersion, Maison)
        .join(AbonnementVersion, AbonnementVersion.abonnement_id == Abonnement.id)
        .join(Maison, Maison.id == AbonnementVersion.maison_id)
        .where(Abonnement.id == abonnement_id, AbonnementVersion.jusqu_a.is_(None))
    ).one()
    foyer_id, version, maison = row
    context = _Abonnement(
        nombre=version.nombre,
        maison=maison.nom,
        adresse_maison=f"{maison.adresse}, {maison.code_postal} {maison.ville}",
        retrait_debut=maison.retrait_debut,
        retrait_fin=maison.retrait_fin,
        debut=version.debut,
        fin=version.fin,
    )
    dire(
        session,
        foyer_id,
        cle=f"abonnement:{abonnement_id}",
        modele="paniers/abonnement_confirme",
        contexte=asdict(context),
    )


def semaine_sans_composition(session: Session, semaine_id: int) -> None:
    """Tell the coordination that a closed week waits for its composition before anything can be ordered."""
    week = session.get_one(Semaine, semaine_id)
    for who in coordination(session):
        queue_mail(
            session,
            key=f"sans_composition:{week.id}:{who.id}",
            to=who.email or "",
            template="paniers/sans_composition",
            context={
                "semaine": week.retrait_le,
                "lien": f"{get_settings().public_url}/coordination?semaine={week.code}",
            },
        )


def coordination(session: Session) -> list[Compte]:
    """Whom the coordination's messages go to."""
    return list(
        session.scalars(select(Compte).where(Compte.role == Role.COORDINATION, Compte.actif, Compte.email.is_not(None)))
    )


def panier_corrige(session: Session, correction_id: int, maison_id: int) -> None:
    """Tell a maison's families, each once, what this week's basket holds after a correction; those without e-mail read
    it on their voucher. Nobody is told of a change that shows neither in the basket nor on the account."""
    correction = session.get_one(Correction, correction_id)
    if not correction.credit and not _se_voit(session, correction_id):
        return
    week = session.get_one(Semaine, correction.semaine_id)
    meeting = agenda(session, [week.id]).rendez_vous(week, maison_id)
    said = {
        "retrait_le": meeting.jour,
        "motif": correction.motif,
        "produits": _contenu(session, week.id),
        "lieu": session.get_one(Maison, meeting.maison_id).nom,
        "debut": meeting.debut,
        "fin": meeting.fin,
        "lien": f"{get_settings().public_url}/ma-semaine",
    }
    baskets = session.execute(
        select(Panier.foyer_id, func.sum(Panier.nombre))
        .where(Panier.semaine_id == week.id, Panier.maison_id == maison_id, Panier.etat != EtatPanier.ANNULE)
        .group_by(Panier.foyer_id)
    )
    dire_a_plusieurs(
        session,
        [
            Annonce(
                foyer_id=household,
                cle=f"correction:{correction_id}:{maison_id}:{household}",
                modele="paniers/panier_corrige",
                contexte=said | {"credit": correction.credit * int(number)},
                lettre=False,
            )
            for household, number in baskets
        ],
    )


def _se_voit(session: Session, correction_id: int) -> bool:
    """A basket holds another quantity of some product; the same product of another farm does not show."""
    product = (
        select(Offre.produit_id)
        .join(CorrectionLigne, CorrectionLigne.offre_id == Offre.id)
        .where(CorrectionLigne.correction_id == correction_id)
        .group_by(Offre.produit_id)
        .having(func.sum(CorrectionLigne.avant) != func.sum(CorrectionLigne.apres))
    )
    return session.execute(product.limit(1)).first() is not None


def _contenu(session: Session, semaine_id: int) -> list[tuple[str, str]]:
    rows = session.execute(
        select(Produit.nom, Produit.unite, func.sum(CompositionLigne.quantite))
        .join(Offre, Offre.produit_id == Produit.id)
        .join(CompositionLigne, CompositionLigne.offre_id == Offre.id)
        .join(Composition, Composition.id == CompositionLigne.composition_id)
        .where(Composition.semaine_id == semaine_id)
        .group_by(Produit.nom, Produit.unite)
        .order_by(Produit.nom)
    )
    return [(nom, quantite(int(combien), unite)) for nom, unite, combien in rows]

"""What is told by e-mail about baskets. Each message has a key, so it is written once whatever happens twice."""

from dataclasses import asdict, dataclass
from datetime import date, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.messages import dire
from foyers.models import Compte, Maison
from kernel.mail import queue_mail
from kernel.settings import get_settings
from kernel.web.access import Role
from paniers.liens import jeton_de_commande
from paniers.models import Abonnement, AbonnementVersion, Semaine
from paniers.models_producteurs import Commande, EtatCommande, Producteur


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


def commande(session: Session, commande_id: int) -> None:
    """Send the producer its order, PDF and CSV attached, with a link that confirms it without a password."""
    order, producer, week = _commande(session, commande_id)
    queue_mail(
        session,
        key=f"commande:{order.id}:1",
        to=producer.email,
        template="paniers/commande",
        context={
            "contact": producer.contact,
            "numero": order.numero,
            "livraison_le": order.livraison_le,
            "livraison_heure": producer.livraison_heure,
            "au_depot": producer.livraison == "depot",
            "total": order.total_ht + order.tva,
            "lien": f"{get_settings().public_url}/producteur/commande/{jeton_de_commande(order.id)}",
            "semaine": week.retrait_le,
        },
        attachments=[f"commande:{order.id}:pdf", f"commande:{order.id}:csv"],
    )


def reponse_du_producteur(session: Session, commande_id: int) -> None:
    """Tell the coordination when a producer is short; a plain confirmation shows on the week's page."""
    order, producer, week = _commande(session, commande_id)
    if order.etat != EtatCommande.ECART or order.repondue_le is None:
        return
    for who in _coordination(session):
        queue_mail(
            session,
            key=f"ecart:{order.id}:{order.repondue_le.isoformat()}:{who.id}",
            to=who.email or "",
            template="paniers/ecart",
            context={
                "producteur": producer.nom,
                "contact": producer.contact,
                "telephone": producer.telephone,
                "numero": order.numero,
                "message": order.message or "",
                "semaine": week.retrait_le,
                "lien": f"{get_settings().public_url}/coordination?semaine={week.code}",
            },
        )


def semaine_sans_composition(session: Session, semaine_id: int) -> None:
    """Tell the coordination that a closed week waits for its composition before anything can be ordered."""
    week = session.get_one(Semaine, semaine_id)
    for who in _coordination(session):
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


def _commande(session: Session, commande_id: int) -> tuple[Commande, Producteur, Semaine]:
    return (
        session.execute(
            select(Commande, Producteur, Semaine)
            .join(Producteur, Producteur.id == Commande.producteur_id)
            .join(Semaine, Semaine.id == Commande.semaine_id)
            .where(Commande.id == commande_id)
        )
        .one()
        ._tuple()
    )


def _coordination(session: Session) -> list[Compte]:
    return list(
        session.scalars(select(Compte).where(Compte.role == Role.COORDINATION, Compte.actif, Compte.email.is_not(None)))
    )

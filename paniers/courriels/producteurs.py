"""What producers are told by e-mail, and what the coordination is told of them. No message here reads a household."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.mail import queue_mail
from kernel.settings import get_settings
from paniers.courriels.familles import coordination
from paniers.documents import bon_commande
from paniers.documents.fichiers import cle_de_commande
from paniers.liens import jeton_d_offres, jeton_de_commande
from paniers.models.producteurs import Commande, DemandeOffre, EtatCommande, Offre, Producteur
from paniers.models.semaines import Semaine
from paniers.queries import penuries as queries_penuries
from paniers.queries import producteurs as queries_producteurs


def commande(session: Session, commande_id: int) -> None:
    """Send the producer its order, PDF and CSV attached, with a link that confirms it without a password.

    A corrected order goes out under another template, once for each version: it says what it replaces.
    """
    order, producer, week = _commande(session, commande_id)
    context = {
        "contact": producer.contact,
        "numero": order.numero,
        "version": order.version,
        "livraison_le": order.livraison_le,
        "livraison_heure": producer.livraison_heure,
        "au_depot": producer.livraison == "depot",
        "total": order.total_ht + order.tva,
        "lien": f"{get_settings().public_url}/producteur/commande/{jeton_de_commande(order.id)}",
        "semaine": week.retrait_le,
    }
    if order.version > 1:
        context["articles"] = [
            (" ".join((a.nom, a.variete)).strip(), a.texte) for a in bon_commande.lire(session, order.id).articles
        ]
    queue_mail(
        session,
        key=f"commande:{order.id}:{order.version}",
        to=producer.email,
        template="paniers/commande" if order.version == 1 else "paniers/commande_corrigee",
        context=context,
        attachments=[cle_de_commande(order.id, order.version, kind) for kind in ("pdf", "csv")],
    )


def reponse_du_producteur(session: Session, commande_id: int) -> None:
    """Tell the coordination when a producer is short; a plain confirmation shows on the week's page."""
    order, producer, week = _commande(session, commande_id)
    if order.etat != EtatCommande.ECART or order.repondue_le is None:
        return
    short = [
        (line.produit, line.en_mots)
        for line in queries_penuries.manques(session, week.id)
        if line.commande_id == order.id
    ]
    for who in coordination(session):
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
                "manques": short,
                "semaine": week.retrait_le,
                "lien": f"{get_settings().public_url}/coordination/penuries?semaine={week.code}",
            },
        )


def commande_relancee(session: Session, commande_id: int) -> None:
    """Ask once more for an answer, unless it has come meanwhile."""
    order, producer, week = _commande(session, commande_id)
    if order.etat != EtatCommande.EMISE:
        return
    queue_mail(
        session,
        key=f"relance:{order.id}:{order.version}",
        to=producer.email,
        template="paniers/commande_relancee",
        context={
            "contact": producer.contact,
            "livraison_le": order.livraison_le,
            "livraison_heure": producer.livraison_heure,
            "total": order.total_ht + order.tva,
            "lien": f"{get_settings().public_url}/producteur/commande/{jeton_de_commande(order.id)}",
            "semaine": week.retrait_le,
        },
    )


def offres_demandees(session: Session, demande_id: int) -> None:
    """Ask a producer what it offers for a week, with a link that opens its page; nothing once it has offered."""
    asked, producer, week = session.execute(
        select(DemandeOffre, Producteur, Semaine)
        .join(Producteur, Producteur.id == DemandeOffre.producteur_id)
        .join(Semaine, Semaine.id == DemandeOffre.semaine_id)
        .where(DemandeOffre.id == demande_id)
    ).one()
    offered = select(Offre.id).where(Offre.semaine_id == week.id, Offre.producteur_id == producer.id)
    if session.execute(offered.limit(1)).first() is not None:
        return
    queue_mail(
        session,
        key=f"offres:{week.id}:{producer.id}:{asked.rang}",
        to=producer.email,
        template="paniers/offres_demandees",
        context={
            "contact": producer.contact,
            "retrait_le": week.retrait_le,
            "limite": week.offres_jusqu_a,
            "rappel": asked.rang > 1,
            "paniers": queries_producteurs.paniers_prevus(session, [week.id]).get(week.id, 0),
            "a_reprendre": queries_producteurs.a_reprendre(session, producer.id, week.retrait_le),
            "lien": f"{get_settings().public_url}/producteur/semaine/{jeton_d_offres(producer.id, week.id)}",
        },
    )


def _commande(session: Session, commande_id: int) -> tuple[Commande, Producteur, Semaine]:
    order, producer, week = session.execute(
        select(Commande, Producteur, Semaine)
        .join(Producteur, Producteur.id == Commande.producteur_id)
        .join(Semaine, Semaine.id == Commande.semaine_id)
        .where(Commande.id == commande_id)
    ).one()
    return order, producer, week

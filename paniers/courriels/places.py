"""What a household is told about places and terms: a place that waits, one that waits no longer, a term that ends.

Each message has a key, so it is written once whatever happens twice; what no longer holds when it is about to be
written is not told. An offered place is urgent: a household without e-mail is called.
"""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.messages import dire
from foyers.models import Maison
from kernel.clock import PARIS
from paniers.attente import DUREE
from paniers.liens import lien_de_place, lien_pour_renouveler
from paniers.models.attente import Attente, AvisTerme
from paniers.models.semaines import Abonnement, AbonnementVersion, Semaine
from paniers.regles.etats import EtatAttente, EtatSemaine
from paniers.versions import en_cours


def place_offerte(session: Session, attente_id: int) -> None:
    """Tell that a place is kept, until when, and from which pick-up on the basket comes."""
    attente = session.get_one(Attente, attente_id)
    if attente.etat != EtatAttente.OFFERTE or attente.offerte_le is None or attente.expire_le is None:
        return
    maison = session.get_one(Maison, attente.maison_id)
    dire(
        session,
        attente.foyer_id,
        cle=f"place:{attente.id}",
        modele="paniers/place_offerte",
        contexte={
            "place": maison.nom,
            "adresse_maison": f"{maison.adresse}, {maison.code_postal} {maison.ville}",
            "retrait_debut": maison.retrait_debut,
            "retrait_fin": maison.retrait_fin,
            "nombre": attente.nombre,
            "expire_le": attente.expire_le,
            "lien": lien_de_place(attente.id),
            **_premier_panier(session, attente.foyer_id, attente.offerte_le, attente.expire_le),
        },
        urgent=True,
        lettre=False,
        utile_jusqu_au=attente.expire_le.astimezone(PARIS).date(),
    )


def offre_expiree(session: Session, attente_id: int) -> None:
    """Tell kindly that the place is kept no longer, and how to wait again."""
    attente = session.get_one(Attente, attente_id)
    dire(
        session,
        attente.foyer_id,
        cle=f"place_expiree:{attente.id}",
        modele="paniers/place_expiree",
        contexte={"place": session.get_one(Maison, attente.maison_id).nom},
    )


def fin_de_terme(session: Session, avis_id: int) -> None:
    """Tell when the last basket comes, and offer the button that renews; silent once the household has said."""
    row = session.execute(
        select(AvisTerme, AbonnementVersion, Abonnement.foyer_id, Maison.nom)
        .join(AbonnementVersion, AbonnementVersion.abonnement_id == AvisTerme.abonnement_id)
        .join(Abonnement, Abonnement.id == AvisTerme.abonnement_id)
        .join(Maison, Maison.id == AbonnementVersion.maison_id)
        .where(AvisTerme.id == avis_id, AbonnementVersion.jusqu_a.is_(None))
    ).one()
    avis, version, foyer_id, maison = row
    if version.quitte or version.fin != avis.fin:
        return
    kept = session.scalar(select(Semaine.cloture_le).where(Semaine.retrait_le == avis.fin))
    dire(
        session,
        foyer_id,
        cle=f"fin_de_terme:{avis.id}",
        modele="paniers/fin_de_terme",
        contexte={
            "place": maison,
            "fin": avis.fin,
            "nouvelle_fin": avis.fin + DUREE,
            "nombre": version.nombre,
            "jusqu_au": kept,
            "dernier": avis.semaines == 1,
            "lien": lien_pour_renouveler(version.abonnement_id, avis.fin),
        },
        utile_jusqu_au=avis.fin,
    )


def _premier_panier(session: Session, foyer_id: int, offerte_le: datetime, expire_le: datetime) -> dict[str, object]:
    """The first pick-up there, and, when the offer outlives a cut-off, the one after it: the message tells both."""
    weeks = session.scalars(
        select(Semaine)
        .where(Semaine.cloture_le > offerte_le, Semaine.etat == EtatSemaine.OUVERTE)
        .order_by(Semaine.retrait_le)
        .limit(2)
    ).all()
    first: date | None = weeks[0].retrait_le if weeks else None
    cut = len(weeks) == 2 and weeks[0].cloture_le < expire_le
    return {
        "premier": first,
        "avant_le": weeks[0].cloture_le if cut else None,
        "sinon": weeks[1].retrait_le if cut else None,
        "change": first is not None and en_cours(session, foyer_id, first) is not None,
    }

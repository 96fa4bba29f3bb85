"""A family's wish for one week, until the cut-off."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel.errors import Introuvable, Refus
from paniers.agenda import agenda, distribue
from paniers.etats import EtatSemaine
from paniers.models import AbonnementVersion, Choix, NatureChoix, Semaine


def choisir(
    session: Session,
    abonnement_id: int,
    semaine_id: int,
    nature: NatureChoix,
    *,
    instant: datetime,
    maison_id: int | None = None,
) -> None:
    """Write the wish, in place of an earlier one for the same week.

    Raises Refus after the cut-off, outside the subscription's term, or for a maison that hands out no baskets.
    """
    # Shared: families do not wait for one another, and the closing waits for all of them.
    semaine = session.get(Semaine, semaine_id, with_for_update={"read": True}, populate_existing=True)
    if semaine is None:
        raise Introuvable
    if semaine.etat != EtatSemaine.OUVERTE or instant >= semaine.cloture_le:
        raise Refus("Cette semaine est close : son panier est en préparation. Vous pouvez changer la suivante.")
    version = session.scalars(
        select(AbonnementVersion).where(
            AbonnementVersion.abonnement_id == abonnement_id, AbonnementVersion.jusqu_a.is_(None)
        )
    ).one_or_none()
    if version is None or not version.debut <= semaine.retrait_le <= version.fin:
        raise Refus("Votre abonnement ne couvre pas cette semaine.")
    if nature is NatureChoix.AUTRE_MAISON:
        _exiger_une_autre_maison(session, semaine, version, maison_id)
    values = {
        "nature": nature,
        "maison_id": maison_id if nature is NatureChoix.AUTRE_MAISON else None,
        "fait_le": instant,
    }
    session.execute(
        insert(Choix)
        .values(abonnement_id=abonnement_id, semaine_id=semaine_id, **values)
        .on_conflict_do_update(index_elements=["abonnement_id", "semaine_id"], set_=values)
    )


def _exiger_une_autre_maison(
    session: Session, semaine: Semaine, version: AbonnementVersion, maison_id: int | None
) -> None:
    maison = session.get(Maison, maison_id) if maison_id is not None else None
    if maison is None or not maison.active:
        raise Refus("Choisissez une maison dans la liste.")
    if maison.id == version.maison_id:
        raise Refus(f"C’est déjà votre maison : votre panier vous attend à {maison.nom}.")
    if not distribue(agenda(session, [semaine.id]), semaine, maison.id):
        raise Refus(f"Pas de distribution à {maison.nom} cette semaine-là. Choisissez une autre maison.")

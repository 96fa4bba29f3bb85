"""A family's wish for one week, until the cut-off."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel.errors import Introuvable, Refus
from paniers.agenda import agenda, distribue
from paniers.attente import servir
from paniers.models.semaines import AbonnementVersion, Choix, NatureChoix, Pause, Semaine
from paniers.places import exiger_une_place_le, verrouiller_maisons
from paniers.regles.etats import EtatSemaine
from paniers.versions import foyer_de, verrouiller_abonnement


def choisir(
    session: Session,
    abonnement_id: int,
    semaine_id: int,
    nature: NatureChoix,
    *,
    instant: datetime,
    maison_id: int | None = None,
    par: int | None = None,
) -> None:
    """Write the wish, in place of an earlier one for the same week. `par`: the agent who writes it in its name.

    Raises Refus after the cut-off, outside the subscription's term, or for a maison that hands out no baskets or has
    no room for a visitor that week.
    """
    version = _verrouiller(session, abonnement_id)
    place = maison_id if nature is NatureChoix.AUTRE_MAISON else None
    before = session.scalar(
        select(Choix.maison_id).where(Choix.abonnement_id == abonnement_id, Choix.semaine_id == semaine_id)
    )
    maisons = verrouiller_maisons(session, place, before)
    # Shared: families do not wait for one another, and the closing waits for all of them.
    semaine = session.get(Semaine, semaine_id, with_for_update={"read": True}, populate_existing=True)
    if semaine is None:
        raise Introuvable
    if semaine.etat != EtatSemaine.OUVERTE or instant >= semaine.cloture_le:
        raise Refus("Cette semaine est close : son panier est en préparation. Vous pouvez changer la suivante.")
    if version is None or not version.debut <= semaine.retrait_le <= version.fin:
        raise Refus("Votre abonnement ne couvre pas cette semaine.")
    if nature is NatureChoix.AUTRE_MAISON:
        _exiger_pas_de_pause(session, abonnement_id, semaine)
        maison = _autre_maison(version, maisons, place)
        _exiger_une_distribution(session, semaine, maison)
        servir(session, maison, instant)
        foyer_id = foyer_de(session, abonnement_id)
        exiger_une_place_le(session, maison, version.nombre, semaine.retrait_le, instant, sauf=foyer_id)
    values = {
        "nature": nature,
        "maison_id": place,
        "fait_le": instant,
        "par": par,
    }
    session.execute(
        insert(Choix)
        .values(abonnement_id=abonnement_id, semaine_id=semaine_id, **values)
        .on_conflict_do_update(index_elements=["abonnement_id", "semaine_id"], set_=values)
    )
    if before is not None and before != place:
        servir(session, maisons[before], instant)


def _verrouiller(session: Session, abonnement_id: int) -> AbonnementVersion | None:
    """What the subscription says, locked with its household; None when there is none."""
    try:
        return verrouiller_abonnement(session, abonnement_id)
    except Introuvable:
        return None


def _autre_maison(version: AbonnementVersion, maisons: Mapping[int, Maison], maison_id: int | None) -> Maison:
    maison = maisons.get(maison_id) if maison_id is not None else None
    if maison is None or not maison.active:
        raise Refus("Choisissez une maison dans la liste.")
    if maison.id == version.maison_id:
        raise Refus(f"C’est déjà votre maison : votre panier vous attend à {maison.nom}.")
    return maison


def _exiger_une_distribution(session: Session, semaine: Semaine, maison: Maison) -> None:
    if not distribue(agenda(session, [semaine.id]), semaine, maison.id):
        raise Refus(f"Pas de distribution à {maison.nom} cette semaine-là. Choisissez une autre maison.")


def _exiger_pas_de_pause(session: Session, abonnement_id: int, semaine: Semaine) -> None:
    """A basket that does not come takes nobody's room elsewhere."""
    paused = select(Pause.id).where(
        Pause.abonnement_id == abonnement_id,
        Pause.levee_le.is_(None),
        Pause.du <= semaine.retrait_le,
        Pause.au >= semaine.retrait_le,
    )
    if session.execute(paused.limit(1)).first() is not None:
        raise Refus("Vous êtes en pause cette semaine-là. Levez d’abord la pause, puis choisissez une autre maison.")

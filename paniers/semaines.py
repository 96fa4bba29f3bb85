"""Weeks: opened ahead of time, found again, moved from state to state."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.errors import Introuvable, Refus
from paniers.models.semaines import Calendrier, Grille, Semaine, SemaineEtape
from paniers.regles import calendrier
from paniers.regles.etats import LIBELLES, EtatSemaine, peut_suivre

D_AVANCE = 6
# Whatever was being written at the cut-off has landed by then: transactions of pages end well within a minute.
DELAI_DE_CLOTURE = timedelta(seconds=60)


def ouvrir_semaines(session: Session, today: date, combien: int = D_AVANCE) -> list[str]:
    """Open the next weeks that are not yet there; returns their codes. Safe to repeat, and for two at once.

    Each has the rhythm in force on its own pick-up day. Weeks before the first rhythm do not count among the next.
    """
    rythmes = session.scalars(select(Calendrier).where(Calendrier.effet_le <= today + timedelta(weeks=combien))).all()
    weeks = [calendrier.etapes(day, rythme) for day, rythme in calendrier.retraits_a_venir(today, rythmes, combien)]
    if not weeks:
        return []
    rows = [
        {
            "code": week.code,
            "retrait_le": week.retrait_le,
            "offres_jusqu_a": week.offres_jusqu_a,
            "publication_le": week.publication_le,
            "cloture_le": week.cloture_le,
            "commande_le": week.commande_le,
        }
        for week in weeks
    ]
    opened = insert(Semaine).values(rows).on_conflict_do_nothing().returning(Semaine.code)
    return list(session.scalars(opened))


def verrouiller(session: Session, semaine_id: int) -> Semaine:
    """The week, locked against any other move until the transaction ends."""
    semaine = session.get(Semaine, semaine_id, with_for_update=True, populate_existing=True)
    if semaine is None:
        raise Introuvable("Cette semaine n’existe pas.")
    return semaine


def avancer(session: Session, semaine: Semaine, vers: EtatSemaine, instant: datetime, par: int | None) -> None:
    """Move a locked week on and keep the trace of it. Raises Refus when the move does not follow."""
    de = EtatSemaine(semaine.etat)
    if not peut_suivre(de, vers):
        raise Refus(f"La semaine est {LIBELLES[de]} : elle ne peut pas devenir {LIBELLES[vers]}.")
    semaine.etat = vers
    session.add(SemaineEtape(semaine_id=semaine.id, de=de, vers=vers, le=instant, par=par))


def prochaine_ouverte(session: Session, instant: datetime) -> Semaine:
    """The first week that can still be changed at `instant`. Raises Refus when none is open."""
    semaine = session.scalars(
        select(Semaine)
        .where(Semaine.etat == EtatSemaine.OUVERTE, Semaine.cloture_le > instant)
        .order_by(Semaine.retrait_le)
        .limit(1)
    ).one_or_none()
    if semaine is None:
        raise Refus("Aucune semaine n’est ouverte pour le moment. Revenez demain, ou parlez-en à votre maison.")
    return semaine


def par_code(session: Session, code: str) -> Semaine:
    """The week ``2026-W48``. Raises Introuvable."""
    semaine = session.scalars(select(Semaine).where(Semaine.code == code)).one_or_none()
    if semaine is None:
        raise Introuvable(f"La semaine {code} n’existe pas.")
    return semaine


def grille_en_vigueur(session: Session, retrait_le: date) -> Grille:
    """The grid that prices the baskets of that pick-up day. Raises Refus when the tariff starts later."""
    grille = session.scalars(
        select(Grille).where(Grille.effet_le <= retrait_le).order_by(Grille.effet_le.desc()).limit(1)
    ).one_or_none()
    if grille is None:
        raise Refus("Aucune grille de tarifs n’est en vigueur pour cette semaine. Saisissez-en une d’abord.")
    return grille

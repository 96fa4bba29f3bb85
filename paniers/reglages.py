"""Grids and rhythms take effect on a day: what is closed, or can no longer be changed, stays as it was."""

from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from kernel.errors import Refus
from kernel.formats import jour_annee
from paniers.etats import EtatSemaine
from paniers.models import Grille, Semaine


def exiger_grille_a_venir(session: Session, effet_le: date, instant: datetime) -> None:
    """A new grid prices no week that is closed, nor one whose cut-off has passed: a late closing gives what a punctual
    one gave. Raises Refus, with the first day that would do."""
    later = aliased(Grille)
    taken_over = exists().where(later.effet_le > effet_le, later.effet_le <= Semaine.retrait_le)
    decided = (Semaine.etat != EtatSemaine.OUVERTE) | (Semaine.cloture_le <= instant)
    touched = session.scalars(
        select(Semaine.retrait_le)
        .where(Semaine.retrait_le >= effet_le, decided, ~taken_over)
        .order_by(Semaine.retrait_le.desc())
        .limit(1)
    ).first()
    if touched is not None:
        raise Refus(
            f"Cette grille changerait les prix du {jour_annee(touched)}, dont la clôture est passée : "
            "donnez-lui une date d’effet plus tardive."
        )


def exiger_rythme_a_venir(session: Session, effet_le: date) -> None:
    """A new rhythm dates no week that is open already: families and producers have read its dates. Raises Refus."""
    last = session.scalars(
        select(Semaine.retrait_le).where(Semaine.retrait_le >= effet_le).order_by(Semaine.retrait_le.desc()).limit(1)
    ).first()
    if last is not None:
        raise Refus(
            f"Les semaines sont ouvertes jusqu’au {jour_annee(last)} : le nouveau rythme commence après ce jour. "
            "Pour changer une seule semaine, déplacez sa distribution."
        )

"""What the CCAS has decided about paying online, as data with a day of effect: retries, the day of the month's charge.

Without a row, what this file says holds. `flask regie charger` reads them from the régie's file (`[[en_ligne]]`).
"""

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from paiements.models.en_ligne import ConditionEnLigne
from paiements.regles.refus import REPRISES, Famille, Reprise, Reprises


@dataclass(frozen=True, slots=True)
class Conditions:
    """`jour_du_mois`: when grouped baskets are charged, 1 to 28. `avance_max`: the most that a household may have paid
    in advance by paying ahead online, in centimes. `preavis_jours`: how long before a SEPA debit its household is told
    by e-mail, and by letter. `reprise_sepa`: whether the rules of retries hold for SEPA debits too. `remboursement`:
    whether money may go back; else what is paid in excess stays as an advance. `dialogue_des`: from which debt on, in
    centimes, a household is invited to talk.
    """

    jour_du_mois: int = 5
    avance_max: int = 10_000
    preavis_jours: int = 2
    preavis_courrier_jours: int = 14
    reprise_sepa: bool = False
    remboursement: bool = False
    dialogue_des: int = 5_000
    reprises: Reprises = field(default_factory=lambda: REPRISES)


def en_vigueur(session: Session, jour: date) -> Conditions:
    """The conditions that hold on `jour`."""
    rows = select(ConditionEnLigne).where(ConditionEnLigne.effet_le <= jour)
    found = session.scalars(rows.order_by(ConditionEnLigne.effet_le.desc()).limit(1)).one_or_none()
    if found is None:
        return Conditions()
    return Conditions(
        jour_du_mois=found.jour_du_mois,
        avance_max=found.avance_max,
        preavis_jours=found.preavis_jours,
        preavis_courrier_jours=found.preavis_courrier_jours,
        reprise_sepa=found.reprise_sepa,
        remboursement=found.remboursement,
        dialogue_des=found.dialogue_des,
        reprises={Famille(famille): _reprise(regle) for famille, regle in found.reprises.items()},
    )


def cle_du_mois(day: date) -> str:
    """The key of a month's échéance: ``mois:2026-12``."""
    return f"mois:{day:%Y-%m}"


def _reprise(regle: dict[str, object]) -> Reprise:
    days = regle.get("jours_du_mois", ())
    assert isinstance(days, list | tuple)
    return Reprise(int(str(regle["fois"])), int(str(regle.get("apres_jours", 5))), tuple(int(day) for day in days))

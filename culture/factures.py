"""What a venue has asked for, once the outing is over: its invoices settle what the seats had been reckoned at.

Each change of an outing's invoices reverses the entry that settled it and books the next one (`comptabilite`), so the
ledger holds at any time what those that stand say, and how it came to it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from culture.comptabilite import Facture, regler_le_lieu
from culture.models.factures import FactureLieu
from culture.models.sorties import Sortie
from culture.regles.etats import EtatSortie
from culture.verrous import verrouiller_sortie
from kernel.clock import PARIS
from kernel.errors import Introuvable, Refus
from kernel.web.words import _

UN_AN = timedelta(days=366)
FINIES = (EtatSortie.TENUE, EtatSortie.ANNULEE)
"""Before, seats still come and go, and what they are reckoned at with them."""


@dataclass(frozen=True, slots=True)
class FactureSaisie:
    """An invoice as it is read on paper: `montant` in centimes, all taxes included."""

    reference: str
    datee_du: date
    montant: int


def saisir_facture(
    session: Session, sortie_id: int, saisie: FactureSaisie, *, instant: datetime, par: int | None
) -> FactureLieu:
    """Enter a venue's invoice for an outing that is over; a cancelled one may be charged for too. Raises Refus.

    1. lock the outing; 2. check; 3. write the invoice; 4. settle the outing anew in the ledger.
    """
    sortie = verrouiller_sortie(session, sortie_id)
    if sortie.etat not in FINIES:
        raise Refus(_("Une facture se saisit une fois la sortie passée ou annulée : jusque-là, des places bougent."))
    _exiger_une_date(sortie, saisie.datee_du, instant)
    if _deja_saisie(session, sortie_id, saisie.reference):
        raise Refus(
            _("Cette sortie a déjà une facture n° %(reference)s. Reprenez-la d’abord.", reference=saisie.reference),
            status=422,
        )
    made = FactureLieu(
        sortie_id=sortie.id,
        lieu_id=sortie.lieu_id,
        reference=saisie.reference,
        datee_du=saisie.datee_du,
        montant=saisie.montant,
        saisie_le=instant,
        saisie_par=par,
    )
    session.add(made)
    session.flush()  # the settlement counts it
    _regler(session, sortie, _("Facture corrigée"), instant)
    return made


def reprendre_facture(
    session: Session, sortie_id: int, facture_id: int, motif: str, *, instant: datetime, par: int | None
) -> None:
    """Take back an invoice of the outing, entered by mistake: the ledger reverses it. Harmless twice.

    Raises Introuvable, and Refus without a reason.
    """
    sortie = verrouiller_sortie(session, sortie_id)
    facture = session.get(FactureLieu, facture_id, populate_existing=True)
    if facture is None or facture.sortie_id != sortie.id:
        raise Introuvable
    if facture.reprise_le is not None:
        return
    if not motif.strip():
        raise Refus(_("Écrivez pourquoi vous reprenez cette facture : la raison reste avec elle."), status=422)
    facture.reprise_le, facture.reprise_par, facture.reprise_motif = instant, par, motif.strip()
    session.flush()  # the settlement counts it no more
    _regler(session, sortie, _("Facture %(reference)s reprise", reference=facture.reference), instant)


def _exiger_une_date(sortie: Sortie, datee_du: date, instant: datetime) -> None:
    """A venue writes its invoice about an outing, not in days to come. Raises Refus."""
    day = sortie.debut_le.astimezone(PARIS).date()
    if not day - UN_AN <= datee_du <= instant.astimezone(PARIS).date():
        raise Refus(
            _("Écrivez la date que porte la facture : aujourd’hui ou avant, et dans l’année de la sortie."), status=422
        )


def _deja_saisie(session: Session, sortie_id: int, reference: str) -> bool:
    same = select(FactureLieu.id).where(FactureLieu.sortie_id == sortie_id, FactureLieu.reference == reference)
    return session.scalar(same.where(FactureLieu.reprise_le.is_(None))) is not None


def _regler(session: Session, sortie: Sortie, motif: str, instant: datetime) -> None:
    """Settle the locked outing by the invoices that stand. Its entries are numbered by what was entered and taken
    back: each act is one more."""
    entered, taken_back = session.execute(
        select(func.count(), func.count(FactureLieu.reprise_le)).where(FactureLieu.sortie_id == sortie.id)
    ).one()
    standing = session.execute(
        select(FactureLieu.lieu_id, func.sum(FactureLieu.montant))
        .where(FactureLieu.sortie_id == sortie.id, FactureLieu.reprise_le.is_(None))
        .group_by(FactureLieu.lieu_id)
        .order_by(FactureLieu.lieu_id)
    )
    asked = [Facture(lieu_id, int(amount)) for lieu_id, amount in standing]
    regler_le_lieu(session, sortie, asked, numero=int(entered + taken_back), motif=motif, instant=instant)

"""The demo town's long-unpaid balances: some families pay nothing for a while, and the régisseuse acts twice.

Her first list is taken by the Treasury; the second, of the last week, still waits for it; the other families are those
whom she leaves on the page while their maison looks for a way with them. The coordination helps one of these.
"""

from datetime import time, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from foyers.models import Compte
from kernel import clock
from kernel.clock import paris
from kernel.web.access import Role
from paiements import aides, grand_livre
from paiements.documents import journal as journal_papier
from paiements.models.restes import EtatRestes
from paiements.queries.regie import regie
from paiements.queries.restes import a_recouvrer
from paiements.regie import restes
from paiements.regie.acte import acte_en_vigueur
from paniers.models.semaines import Semaine

JOURS = 28
"""From when on a debt is old in this town: its past is twelve weeks long."""
ETATS = {8: 2, 11: 1}
"""How many families she hands over, by week of the past."""
AIDE_EN = 10
"""In which week of the past the coordination helps."""
AIDE = 1_000

# Not of Le Patio, whose till takes what its families owe.
_EN_PEINE = text(
    """
    SELECT f.id FROM foyer f JOIN reglement r ON r.foyer_id = f.id AND r.mode = 'maison'
    JOIN maison m ON m.id = f.maison_id AND m.nom <> 'Le Patio'
    JOIN membre b ON b.foyer_id = f.id AND b.referent ORDER BY f.id LIMIT 8
    """
)


def en_peine(session: Session) -> list[int]:
    """The families that pay nothing in these weeks."""
    return list(session.scalars(_EN_PEINE))


def remettre(session: Session, week: Semaine, number: int) -> None:
    """The morning after a hand-out: hand over the oldest debts, and note that the Treasury has the list of before."""
    if number not in ETATS:
        return
    clock.set_now(paris(week.retrait_le + timedelta(days=1), time(10, 30)))
    office = regie(session)
    assert office is not None, "the régie is opened with the town"
    for earlier in session.scalars(select(EtatRestes.id)):
        restes.prendre_en_charge(session, earlier)
    journal_papier.demander(session, week.retrait_le - timedelta(days=27), week.retrait_le, None, par=None)
    act = acte_en_vigueur(session, office.id, clock.today())
    listed = [one.foyer_id for one in a_recouvrer(session, act, clock.today())][: ETATS[number]]
    if listed:
        who = session.scalars(select(Compte.id).where(Compte.role == Role.REGISSEUR)).first()
        restes.arreter(session, listed, par=who)


def aider(session: Session, week: Semaine, number: int) -> None:
    """The coordination takes over a part of what the last of these families owes."""
    if number != AIDE_EN:
        return
    clock.set_now(paris(week.retrait_le + timedelta(days=1), time(11)))
    helped = [one for one in en_peine(session) if grand_livre.solde(session, one) >= AIDE]
    if helped:
        who = session.scalars(select(Compte.id).where(Compte.role == Role.COORDINATION)).first()
        aides.accorder(session, helped[-1], montant=AIDE, motif="Fin de mois difficile, vu avec la famille", par=who)

"""What the venues of the demo town's past outings have invoiced, a week after each."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from culture.factures import FactureSaisie, reprendre_facture, saisir_facture
from culture.models.sorties import Sortie
from culture.queries.factures import cout_de_la_sortie
from culture.regles.etats import EtatSortie
from foyers.models import Compte
from kernel.clock import PARIS
from kernel.web.access import Role

APRES = timedelta(days=9)
FRAIS_DE_DOSSIER, MAL_LUE = 1_500, 3
PAS_COMME_PREVU = 4
"""Every fourth venue adds its handling charge, or takes off what somebody who did not come would have cost."""


def facturer(session: Session, maintenant: datetime) -> None:
    """Enter the invoices that have come by now, as the coordination does on its page; one was misread at first."""
    par = session.scalars(select(Compte.id).where(Compte.role == Role.COORDINATION)).one()
    held = session.scalars(
        select(Sortie)
        .where(Sortie.etat == EtatSortie.TENUE, Sortie.debut_le <= maintenant - APRES)
        .order_by(Sortie.debut_le, Sortie.id)
    ).all()
    for rank, sortie in enumerate(held, start=1):
        at = sortie.debut_le + APRES
        saisie = FactureSaisie(f"{at.year}-{100 + rank}", at.astimezone(PARIS).date(), _montant(session, sortie, rank))
        if rank == MAL_LUE:
            misread = FactureSaisie(saisie.reference, saisie.datee_du, 10 * saisie.montant)
            wrong = saisir_facture(session, sortie.id, misread, instant=at, par=par)
            motif = "Une virgule mal placée."
            reprendre_facture(session, sortie.id, wrong.id, motif, instant=at + timedelta(minutes=4), par=par)
        saisir_facture(session, sortie.id, saisie, instant=at + timedelta(minutes=5), par=par)


def _montant(session: Session, sortie: Sortie, rank: int) -> int:
    """What its seats were reckoned at, but for every fourth."""
    reckoned = max(cout_de_la_sortie(session, sortie.id).prevu, sortie.cout_place)
    if rank % PAS_COMME_PREVU == 0:
        return reckoned + FRAIS_DE_DOSSIER
    return max(reckoned - sortie.cout_place, sortie.cout_place) if rank % PAS_COMME_PREVU == 2 else reckoned

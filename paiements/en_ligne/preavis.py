"""The notice that a SEPA debit comes: how much, when, under which mandate; no debit is asked for before its day.

The law gives fourteen days unless creditor and debtor agree on fewer: the mandate's page and our terms say two, for
whoever reads e-mail; a letter takes its time.
"""

from datetime import time, timedelta

from sqlalchemy.orm import Session

from foyers.messages import dire
from foyers.models import Canal, Foyer
from kernel import clock
from kernel.settings import get_settings
from paiements.en_ligne.avancement import verrouiller
from paiements.en_ligne.conditions import en_vigueur
from paiements.models.en_ligne import Echeance, Mandat, Paiement
from paiements.regles.etats import Etat

A_L_AUBE = time(6)


def annoncer(session: Session, paiement_id: int) -> None:
    """Tell the household of its debit, and fix the day of it from the day on which it is told. Once for each try."""
    paiement = verrouiller(session, paiement_id)
    if paiement.etat != Etat.PREPARE or paiement.mandat_id is None or paiement.preavis_le is not None:
        return
    household, mandat = session.get_one(Foyer, paiement.foyer_id), session.get_one(Mandat, paiement.mandat_id)
    rules = en_vigueur(session, clock.today())
    reads = household.canal == Canal.EMAIL and household.email
    day = clock.today() + timedelta(days=rules.preavis_jours if reads else rules.preavis_courrier_jours)
    paiement.preavis_le, paiement.pas_avant = clock.now(), clock.paris(day, A_L_AUBE)
    echeance = session.get_one(Echeance, paiement.echeance_id)
    dire(
        session,
        paiement.foyer_id,
        cle=f"paiement:{paiement_id}:preavis" + (f":{paiement.essais}" if paiement.essais else ""),
        modele="paiements/preavis",
        contexte={
            "montant": paiement.montant,
            "jour": day,
            "libelle": echeance.libelle,
            "reference": mandat.reference,
            "compte": mandat.derniers_chiffres,
            "lien": f"{get_settings().public_url}/paiements/mon-compte",
        },
    )


def donne(paiement: Paiement) -> bool:
    """Whether the household was told, and the day that it was told has come."""
    return paiement.preavis_le is not None and paiement.pas_avant is not None and paiement.pas_avant <= clock.now()

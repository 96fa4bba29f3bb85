"""What a household no longer owes: its basket was cancelled after it had fallen due.

The debit is reversed in the ledger by whoever cancels; here the échéance and the charge follow. A charge that has been
taken stays as an advance, which the next échéance uses first; one that has not been tried is given up, or lowered to
what is left due; one whose outcome is not known yet runs its course, and becomes an advance if the money came.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from paiements import grand_livre
from paiements.echeances import MINIMUM
from paiements.en_ligne.avancement import avancer, solder_en_lot, verrouiller_foyers
from paiements.models.en_ligne import Echeance, Paiement
from paiements.regles.etats import Etat

_ALLEGEMENT = """
    UPDATE echeance e
       SET montant = CASE WHEN e.montant > a.annule THEN e.montant - a.annule ELSE e.montant END,
           reglee_le = CASE WHEN e.montant > a.annule THEN e.reglee_le ELSE coalesce(e.reglee_le, :instant) END
      FROM unnest(CAST(:foyers AS bigint[]), CAST(:montants AS integer[])) AS a(foyer_id, annule)
     WHERE e.foyer_id = a.foyer_id AND {quoi}
    """
_ALLEGER, _ALLEGER_LE_MOIS = (
    text(_ALLEGEMENT.replace("{quoi}", quoi))
    for quoi in (
        "e.cle = :cle",
        "e.id = (SELECT groupe_id FROM echeance WHERE foyer_id = a.foyer_id AND cle = :cle)",
    )
)


def alleger(session: Session, *, cle: str, montants: Mapping[int, int], instant: datetime) -> None:
    """Take `montants` (household → centimes cancelled) off the échéance `cle`, once their debits have been reversed.

    1. lock the households; 2. lower each échéance and the month's that it is in, or settle what nothing is left of;
    3. give up or lower the charges that have not been tried; 4. settle what the credit pays of older ones. Call it once
    for each cancelling.
    """
    if not montants:
        return
    verrouiller_foyers(session, list(montants))
    valeurs = {"foyers": list(montants), "montants": list(montants.values()), "cle": cle, "instant": instant}
    session.execute(_ALLEGER, valeurs)
    session.execute(_ALLEGER_LE_MOIS, valeurs)
    _alleger_les_prelevements(session, cle, list(montants))
    solder_en_lot(session, list(montants))


def _alleger_les_prelevements(session: Session, cle: str, foyers: list[int]) -> None:
    months = select(Echeance.groupe_id).where(Echeance.cle == cle, Echeance.foyer_id.in_(foyers))
    waiting = session.execute(
        select(Paiement, Echeance)
        .join(Echeance, Echeance.id == Paiement.echeance_id)
        .where(or_(Echeance.cle == cle, Echeance.id.in_(months)), Echeance.foyer_id.in_(foyers))
        .where(Paiement.nature == "prelevement", Paiement.etat == Etat.PREPARE)
        .order_by(Paiement.id)
        .with_for_update(of=Paiement)
        .execution_options(populate_existing=True)
    ).all()
    owed = grand_livre.soldes(session, [paiement.foyer_id for paiement, _ in waiting])
    for paiement, echeance in waiting:
        left = min(echeance.montant, owed[paiement.foyer_id])
        if echeance.reglee_le is not None or left < MINIMUM:
            avancer(session, paiement, Etat.ABANDONNE, "panier annule")
        else:
            paiement.montant = min(paiement.montant, left)

"""An agent answers a quotient that a family has given: right, right with another value, or not to be kept.

Whatever the answer, the proof is gone with it, and the family is told, with what its next basket will cost.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from foyers.dossiers import declarer_qf, place_du_qf, refuser_qf, verifier_qf
from foyers.effets import TarifAVenir
from foyers.messages_quotient import annoncer_accord, annoncer_refus
from foyers.models import JustificatifQF, Motif, Source
from foyers.quotient import premier_du_mois
from kernel.clock import now
from kernel.sealed import unseal


@dataclass(frozen=True, slots=True)
class Vu:
    """What the agent reads on the proof: whole euros, any day of its month, until when it counts (None: a year)."""

    valeur: int
    mois: date
    source: Source
    jusqu_au: date | None = None


def accepter(
    session: Session,
    justificatif_id: int,
    vu: Vu,
    *,
    agent: int,
    tarif: TarifAVenir | None = None,
    le: datetime | None = None,
) -> JustificatifQF:
    """The proof has been seen. Where it says another value or another month than the family, what it says is written
    down as a quotient of its own, checked at once, and the family's is refused as replaced.

    Returns the quotient that counts from now on. Raises Refus if it was answered before, or is no longer valid.
    """
    instant = le or now()
    given = session.get_one(JustificatifQF, justificatif_id)
    before = tarif.du_foyer(session, given.foyer_id) if tarif else None
    declared = int(unseal(given.valeur_scellee, place_du_qf(given.foyer_id)))
    if (declared, given.mois) != (vu.valeur, premier_du_mois(vu.mois)):
        refuser_qf(session, justificatif_id, agent=agent, motif=Motif.REMPLACE, le=instant)
        given = declarer_qf(session, given.foyer_id, vu.valeur, vu.mois, agent, le=instant)
    verifier_qf(session, given.id, agent=agent, valide_jusqu_au=vu.jusqu_au, source=vu.source, le=instant)
    annoncer_accord(session, given, corrige=given.id != justificatif_id, tarif=tarif, avant=before)
    return given


def refuser(
    session: Session,
    justificatif_id: int,
    motif: Motif,
    *,
    agent: int,
    tarif: TarifAVenir | None = None,
    le: datetime | None = None,
) -> JustificatifQF:
    """It cannot be kept, for a reason that the family is told. Raises Refus if it was answered before."""
    owner = session.get_one(JustificatifQF, justificatif_id).foyer_id
    before = tarif.du_foyer(session, owner) if tarif else None
    given = refuser_qf(session, justificatif_id, agent=agent, motif=motif, le=le)
    annoncer_refus(session, given, tarif=tarif, avant=before)
    return given

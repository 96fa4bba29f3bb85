"""What an outing has cost, as its seats were reckoned, as its venue has invoiced it, and who bears it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session, aliased

from culture.models.factures import FactureLieu
from culture.models.sorties import Lieu
from foyers.models import Compte


@dataclass(frozen=True, slots=True)
class FactureVue:
    """An invoice, its amount in centimes; one that was taken back is worth nothing any more."""

    id: int
    reference: str
    lieu: str
    datee_du: date
    montant: int
    saisie_le: datetime
    saisie_par: str | None
    reprise_le: datetime | None
    reprise_par: str | None
    reprise_motif: str | None

    @property
    def vaut(self) -> bool:
        return self.reprise_le is None


@dataclass(frozen=True, slots=True)
class CoutDeSortie:
    """In centimes, from the ledger: what seats were reckoned at, what venues ask, what households and the CCAS bear."""

    prevu: int
    facture: int
    familles: int
    ccas: int


# An outing's entries are those of its inscriptions and those that settled its venue, reversals included.
_COUT = text(
    """
    WITH ecrites AS (
        SELECT e.id, split_part(coalesce(o.cle, e.cle), ':', 1) AS quoi,
               split_part(coalesce(o.cle, e.cle), ':', 2)::bigint AS numero
          FROM ecriture e LEFT JOIN ecriture o ON o.id = e.contrepasse_id
         WHERE coalesce(o.cle, e.cle) LIKE ANY (ARRAY['sortie:%', 'lieux:%']))
    SELECT coalesce(-sum(m.montant) FILTER (WHERE m.compte = 'billetterie' AND s.quoi = 'sortie'), 0)::int AS prevu,
           coalesce(-sum(m.montant) FILTER (WHERE m.compte = 'lieux'), 0)::int AS facture,
           coalesce(sum(m.montant) FILTER (WHERE m.compte = 'foyer'), 0)::int AS familles,
           coalesce(sum(m.montant) FILTER (WHERE m.compte = 'participation_ccas'), 0)::int AS ccas
      FROM ecrites s JOIN mouvement m ON m.ecriture_id = s.id
     WHERE CASE s.quoi WHEN 'lieux' THEN s.numero = :sortie
           ELSE EXISTS (SELECT FROM inscription i WHERE i.id = s.numero AND i.sortie_id = :sortie) END
    """
)


def cout_de_la_sortie(session: Session, sortie_id: int) -> CoutDeSortie:
    """One query."""
    return CoutDeSortie(*session.execute(_COUT, {"sortie": sortie_id}).one())


def factures(session: Session, sortie_id: int) -> Sequence[FactureVue]:
    """Those of an outing, the first one first, with those that were taken back. One query."""
    entered, taken_back = aliased(Compte), aliased(Compte)
    rows = session.execute(
        select(FactureLieu, Lieu.nom, entered.nom, taken_back.nom)
        .join(Lieu, Lieu.id == FactureLieu.lieu_id)
        .outerjoin(entered, entered.id == FactureLieu.saisie_par)
        .outerjoin(taken_back, taken_back.id == FactureLieu.reprise_par)
        .where(FactureLieu.sortie_id == sortie_id)
        .order_by(FactureLieu.id)
    )
    return [
        FactureVue(
            id=one.id,
            reference=one.reference,
            lieu=lieu,
            datee_du=one.datee_du,
            montant=one.montant,
            saisie_le=one.saisie_le,
            saisie_par=by,
            reprise_le=one.reprise_le,
            reprise_par=undone_by,
            reprise_motif=one.reprise_motif,
        )
        for one, lieu, by, undone_by in rows
    ]

"""The régie's journal and balance between two days: every entry that touched a till, whole."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

LIGNES_MONTREES = 600
COMPTES = ("caisse", "cheques", "cap", "tpe", "ecart_caisse", "tresor", "titres")

_JOURNAL = text(
    """
    SELECT e.id AS ecriture, e.jour, e.cle, e.libelle, m.compte, coalesce(x.nom, '') AS maison,
           CASE WHEN m.foyer_id IS NOT NULL THEN f.nom ELSE '' END AS foyer, m.montant,
           CASE WHEN q.id IS NOT NULL THEN r.code || '-' || q.annee || '-' || lpad(q.numero::text, 5, '0') ELSE '' END
             AS piece
    FROM ecriture e JOIN mouvement m ON m.ecriture_id = e.id
    LEFT JOIN maison x ON m.tiers = 'maison:' || x.id
    LEFT JOIN foyer f ON f.id = m.foyer_id
    LEFT JOIN ecriture o ON o.id = e.contrepasse_id
    LEFT JOIN quittance o_q ON 'quittance:' || o_q.id = o.cle
    LEFT JOIN quittance q ON 'quittance:' || q.id = e.cle OR q.annule_id = o_q.id
    LEFT JOIN regie r ON r.id = q.regie_id
    WHERE e.jour BETWEEN :du AND :au
      AND EXISTS (SELECT FROM mouvement t WHERE t.ecriture_id = e.id AND t.compte = ANY(CAST(:comptes AS text[]))
                  AND (CAST(:tiers AS text) IS NULL OR t.tiers = :tiers))
    ORDER BY e.jour, e.id, m.id
    LIMIT CAST(:combien AS bigint)
    """
)
_BALANCE = text(
    """
    SELECT m.compte,
           coalesce(sum(m.montant) FILTER (WHERE e.jour < :du), 0) AS avant,
           coalesce(sum(m.montant) FILTER (WHERE e.jour >= :du AND m.montant > 0), 0) AS debit,
           coalesce(-sum(m.montant) FILTER (WHERE e.jour >= :du AND m.montant < 0), 0) AS credit,
           sum(m.montant) AS solde
    FROM mouvement m JOIN ecriture e ON e.id = m.ecriture_id
    WHERE e.jour <= :au AND m.compte = ANY(CAST(:comptes AS text[]))
      AND (CAST(:tiers AS text) IS NULL OR m.tiers = :tiers)
    GROUP BY m.compte ORDER BY array_position(CAST(:comptes AS text[]), m.compte)
    """
)


@dataclass(frozen=True, slots=True)
class LigneDeJournal:
    """One movement; `montant` in centimes, positive = debit. `piece` is the number of a receipt."""

    ecriture: int
    jour: date
    cle: str
    libelle: str
    compte: str
    maison: str
    foyer: str
    montant: int
    piece: str


@dataclass(frozen=True, slots=True)
class SoldeDeCompte:
    """An account over the period, in centimes: `avant` + `debit` − `credit` = `solde`."""

    compte: str
    avant: int
    debit: int
    credit: int
    solde: int


def journal(
    session: Session, du: date, au: date, combien: int | None = None, *, tiers: str | None = None
) -> list[LigneDeJournal]:
    """Every movement of the entries that touched the régie, or the till of `tiers`, oldest first (None: all)."""
    given = {"du": du, "au": au, "comptes": list(COMPTES), "combien": combien, "tiers": tiers}
    return [LigneDeJournal(*row) for row in session.execute(_JOURNAL, given)]


def balance(session: Session, du: date, au: date, *, tiers: str | None = None) -> list[SoldeDeCompte]:
    """Each account of the régie, or of the till of `tiers`: what stood before `du`, moved, and stands after `au`."""
    lues = session.execute(_BALANCE, {"du": du, "au": au, "comptes": list(COMPTES), "tiers": tiers})
    return [SoldeDeCompte(row.compte, *(int(one) for one in row[1:])) for row in lues]

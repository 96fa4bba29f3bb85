"""Both sides of each thing that moved money, laid side by side by one statement.

One side is what happened elsewhere: the provider's movements, and the deposits that left the tills. The other is what
the ledger has booked for the same thing, an entry and its reversal together. A thing that moved again after the end of
the day is left for the next one, so that both sides are whole. Money that the provider has and that no payment of ours
stands for is a thing of its own, as is an entry that nothing elsewhere explains.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

COTES = """
    WITH operation AS (
        SELECT coalesce('paiement:' || p.id, 'remboursement:' || r.id, 'litige:' || l.id, 'stripe:' || o.objet)
               AS piece, o.nature, o.montant, o.le
        FROM operation_stripe o
        LEFT JOIN paiement p ON o.nature = 'paiement' AND p.stripe_id = o.intention
        LEFT JOIN remboursement r ON o.nature = 'remboursement' AND r.stripe_id = o.objet
        LEFT JOIN litige l ON o.nature = 'litige' AND l.stripe_id = o.objet
        WHERE o.nature IN ('paiement', 'remboursement', 'litige', 'autre')
        UNION ALL
        SELECT 'virement:' || id, 'virement', montant, le FROM operation_stripe WHERE nature = 'virement'
        UNION ALL
        SELECT 'frais:' || id, 'frais', CASE WHEN nature = 'frais' THEN montant ELSE 0 END - frais, le
        FROM operation_stripe WHERE frais <> 0 OR nature = 'frais'
        UNION ALL
        SELECT 'versement:' || id, 'versement', especes + cheques + cap, verse_le FROM versement
    ), ailleurs AS (
        SELECT piece, min(nature) AS nature, sum(montant) AS montant, max(le) AS le FROM operation GROUP BY piece
    ), livre AS (
        SELECT coalesce(o.cle, e.cle) AS piece, sum(m.montant) AS montant, min(e.passee_le) AS le
        FROM mouvement m JOIN ecriture e ON e.id = m.ecriture_id LEFT JOIN ecriture o ON o.id = e.contrepasse_id
        WHERE m.compte = 'stripe' OR (m.compte = 'tresor' AND coalesce(o.cle, e.cle) LIKE 'versement:%')
        GROUP BY 1
    ), cotes AS (
        SELECT coalesce(a.piece, l.piece) AS piece,
               CASE WHEN a.nature IS NOT NULL THEN a.nature
                    WHEN split_part(l.piece, ':', 1)
                         IN ('paiement', 'remboursement', 'litige', 'frais', 'virement', 'versement')
                    THEN split_part(l.piece, ':', 1) ELSE 'autre' END AS nature,
               CAST(coalesce(a.montant, 0) AS integer) AS ailleurs,
               CAST(coalesce(l.montant, 0) AS integer) AS grand_livre
        FROM ailleurs a FULL JOIN livre l ON l.piece = a.piece
        WHERE coalesce(a.le, l.le) < :fin
    )
    {suite}
"""

_TOTAUX = text(
    COTES.replace(
        "{suite}",
        """
    SELECT nature, count(*) AS nombre, CAST(sum(ailleurs) AS bigint) AS ailleurs,
           CAST(sum(grand_livre) AS bigint) AS grand_livre
    FROM cotes GROUP BY nature
    ORDER BY array_position(ARRAY['paiement', 'remboursement', 'litige', 'frais', 'virement', 'autre', 'versement'],
                            nature)
    """,
    )
)

_CONSTATER = text(
    COTES.replace(
        "{suite}",
        """
    INSERT INTO ecart_rapprochement (piece, nature, ailleurs, grand_livre, constate_le)
    SELECT piece, nature, ailleurs, grand_livre, :instant FROM cotes WHERE ailleurs <> grand_livre
    ON CONFLICT (piece, ailleurs, grand_livre) DO UPDATE SET disparu_le = NULL
    """,
    )
)

_FERMER = text(
    COTES.replace(
        "{suite}",
        """
    UPDATE ecart_rapprochement e SET disparu_le = :instant
    WHERE e.disparu_le IS NULL
      AND NOT EXISTS (SELECT FROM cotes c WHERE c.piece = e.piece AND c.ailleurs = e.ailleurs
                                            AND c.grand_livre = e.grand_livre)
    """,
    )
)


class Total(NamedTuple):
    """All things of one nature: how many, and what each side makes of them, in centimes."""

    nature: str
    nombre: int
    ailleurs: int
    grand_livre: int


def totaux(session: Session, fin: datetime) -> Sequence[Total]:
    """Both sides summed by nature, of what had moved before `fin`; their differences are those of the écarts."""
    return [Total(*row) for row in session.execute(_TOTAUX, {"fin": fin})]


def constater(session: Session, fin: datetime, instant: datetime) -> None:
    """Write down what differs before `fin`, and that what differed no longer does."""
    session.execute(_FERMER, {"fin": fin, "instant": instant})
    session.execute(_CONSTATER, {"fin": fin, "instant": instant})

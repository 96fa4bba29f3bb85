"""What must always hold of the reconciliation, as queries (`verifications.py` asks them)."""

REGLES_DU_RAPPROCHEMENT: tuple[tuple[str, str], ...] = (
    (
        """
        SELECT o.id FROM operation_stripe o WHERE o.frais - CASE WHEN o.nature = 'frais' THEN o.montant ELSE 0 END <> (
            SELECT coalesce(sum(m.montant), 0) FROM ecriture e JOIN mouvement m ON m.ecriture_id = e.id
            WHERE e.cle = 'frais:' || o.id AND m.compte = 'frais_stripe')
        """,
        "Les frais de l’opération {id} de Stripe ne sont pas au grand livre.",
    ),
    (
        """
        SELECT o.id FROM operation_stripe o WHERE o.nature = 'virement' AND -o.montant <> (
            SELECT coalesce(sum(m.montant), 0) FROM ecriture e JOIN mouvement m ON m.ecriture_id = e.id
            WHERE e.cle = 'virement:' || o.id AND m.compte = 'banque')
        """,
        "Le virement {id} de Stripe n’est pas au grand livre.",
    ),
    (
        """
        SELECT e.cle FROM ecriture e WHERE (e.cle LIKE 'frais:%' OR e.cle LIKE 'virement:%')
        AND NOT EXISTS (SELECT FROM operation_stripe o WHERE o.id = split_part(e.cle, ':', 2))
        """,
        "L’écriture {cle} dit un mouvement que Stripe n’a pas annoncé.",
    ),
    (
        "SELECT jour FROM rapprochement WHERE fait_le IS NULL AND demande_le < :avant - interval '1 day'",
        "Le rapprochement du {jour} attend depuis plus d’un jour.",
    ),
)

"""What must always hold of money, as queries; each fault is one French sentence that names what is wrong."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel import clock
from paiements.verifications.rapprochement import REGLES_DU_RAPPROCHEMENT
from paiements.verifications.regie import REGLES_DE_LA_REGIE

PATIENCE = timedelta(hours=1)

# Each query returns what its sentence needs, one row a fault.
REGLES: tuple[tuple[str, str], ...] = (
    (
        "SELECT sum(montant) AS somme FROM mouvement HAVING sum(montant) <> 0",
        "Le grand livre n’est pas équilibré : la somme de ses mouvements fait {somme} centimes.",
    ),
    (
        """
        SELECT e.cle, coalesce(sum(m.montant), 0) AS somme FROM ecriture e LEFT JOIN mouvement m ON m.ecriture_id = e.id
        GROUP BY e.id HAVING coalesce(sum(m.montant), 0) <> 0 OR count(m.id) < 2
        """,
        "L’écriture {cle} n’est pas équilibrée : ses mouvements font {somme} centimes.",
    ),
    (
        """
        SELECT r.cle FROM ecriture r JOIN ecriture o ON o.id = r.contrepasse_id
        WHERE EXISTS (SELECT FROM mouvement m WHERE m.ecriture_id IN (r.id, o.id)
                      GROUP BY m.compte, m.foyer_id, m.tiers HAVING sum(m.montant) <> 0)
        """,
        "L’écriture {cle} n’annule pas exactement celle qu’elle contrepasse.",
    ),
    (
        """
        SELECT p.id FROM paiement p WHERE p.etat = 'reussi' AND 1 <> (
            SELECT count(*) FROM ecriture e
            JOIN mouvement f ON f.ecriture_id = e.id AND f.compte = 'foyer'
                            AND f.foyer_id = p.foyer_id AND f.montant = -p.montant
            JOIN mouvement s ON s.ecriture_id = e.id AND s.compte = 'stripe' AND s.montant = p.montant
            WHERE e.cle = 'paiement:' || p.id)
        """,
        "Le paiement {id} a réussi, mais le grand livre n’a pas son écriture, de ce montant et pour ce foyer.",
    ),
    (
        """
        SELECT e.cle FROM ecriture e WHERE e.cle LIKE 'paiement:%'
        AND NOT EXISTS (SELECT FROM paiement p WHERE 'paiement:' || p.id = e.cle AND p.etat = 'reussi')
        """,
        "L’écriture {cle} dit un paiement qui n’a pas réussi.",
    ),
    (
        """
        SELECT echeance_id, count(*) AS nombre FROM paiement WHERE nature = 'prelevement'
        GROUP BY echeance_id HAVING count(*) > 1
        """,
        "L’échéance {echeance_id} a {nombre} prélèvements au lieu d’un.",
    ),
    (
        """
        SELECT e.id FROM echeance e WHERE e.mode <> 'maison' AND e.reglee_le IS NULL AND e.montant >= 50
        AND NOT e.a_grouper
        AND NOT EXISTS (SELECT FROM paiement p WHERE p.echeance_id = e.id AND p.nature = 'prelevement')
        AND (SELECT coalesce(sum(m.montant), 0) FROM mouvement m WHERE m.foyer_id = e.foyer_id) >= e.montant
        """,
        "L’échéance {id} se paie par carte ou par prélèvement, mais aucun prélèvement n’en est prévu.",
    ),
    (
        """
        SELECT p.id FROM paiement p JOIN echeance e ON e.id = p.echeance_id
        WHERE p.etat = 'reussi' AND e.reglee_le IS NULL
        AND NOT EXISTS (SELECT FROM litige l WHERE l.paiement_id = p.id)
        """,
        "Le paiement {id} a réussi, mais son échéance n’est pas marquée comme réglée.",
    ),
    (
        """
        SELECT g.id FROM echeance g JOIN echeance e ON e.groupe_id = g.id
        GROUP BY g.id HAVING g.montant > sum(e.montant) OR bool_or(e.reglee_le IS DISTINCT FROM g.reglee_le)
                          OR bool_or(e.foyer_id <> g.foyer_id) OR g.groupe_id IS NOT NULL
        """,
        "L’échéance du mois {id} et ses semaines ne disent pas la même chose.",
    ),
    (
        """
        SELECT p.id FROM paiement p WHERE p.etat <> coalesce(
            (SELECT vers FROM paiement_etape WHERE paiement_id = p.id ORDER BY id DESC LIMIT 1), 'prepare')
        """,
        "Le paiement {id} n’est pas dans l’état où sa dernière étape l’a mis.",
    ),
    (
        """
        SELECT paiement_id FROM (
            SELECT paiement_id, de, lag(vers, 1, 'prepare') OVER (PARTITION BY paiement_id ORDER BY id) AS avant
            FROM paiement_etape) suite
        WHERE de <> avant
        """,
        "Les étapes du paiement {paiement_id} ne se suivent pas.",
    ),
    (
        """
        SELECT id FROM paiement WHERE etat IN ('prepare', 'inconnu') AND demande_le < :avant
        AND (mandat_id IS NULL OR pas_avant < :avant)
        """,
        "Le paiement {id} attend la réponse de Stripe depuis plus d’une heure.",
    ),
    (
        """
        SELECT id FROM paiement WHERE etat = 'prepare' AND mandat_id IS NOT NULL AND preavis_le IS NULL
        AND demande_le < :avant
        """,
        "Le prélèvement {id} n’a pas encore été annoncé à sa famille.",
    ),
    (
        """
        SELECT id FROM paiement WHERE mandat_id IS NOT NULL AND tente_le IS NOT NULL
        AND (preavis_le IS NULL OR pas_avant IS NULL OR tente_le < pas_avant OR pas_avant < preavis_le)
        """,
        "Le prélèvement {id} a été demandé à la banque sans que sa famille ait été prévenue à temps.",
    ),
    (
        "SELECT id FROM paiement WHERE etat = 'en_cours' AND pas_avant < :avant - interval '35 days'",
        "Le prélèvement {id} attend la réponse de la banque depuis plus de cinq semaines.",
    ),
    (
        """
        SELECT p.id FROM paiement p JOIN remboursement r ON r.paiement_id = p.id AND r.etat <> 'refuse'
        GROUP BY p.id HAVING sum(r.montant) > p.montant OR p.etat <> 'reussi'
        """,
        "Le paiement {id} a rendu plus qu’il n’a pris.",
    ),
    (
        """
        SELECT r.id FROM remboursement r WHERE (r.etat = 'fait') <> EXISTS (
            SELECT FROM ecriture e JOIN mouvement m ON m.ecriture_id = e.id AND m.compte = 'foyer'
                   AND m.foyer_id = r.foyer_id AND m.montant = r.montant
            WHERE e.cle = 'remboursement:' || r.id
              AND NOT EXISTS (SELECT FROM ecriture c WHERE c.contrepasse_id = e.id))
        """,
        "Le remboursement {id} et le grand livre ne disent pas la même chose.",
    ),
    (
        """
        SELECT l.id FROM litige l WHERE (l.etat <> 'gagne') <> EXISTS (
            SELECT FROM ecriture e JOIN mouvement m ON m.ecriture_id = e.id AND m.compte = 'foyer'
                   AND m.foyer_id = l.foyer_id AND m.montant = l.montant
            WHERE e.cle = 'litige:' || l.id AND NOT EXISTS (SELECT FROM ecriture c WHERE c.contrepasse_id = e.id))
        """,
        "Le litige {id} et le grand livre ne disent pas la même chose.",
    ),
    (
        """
        SELECT a.id FROM aide a WHERE NOT EXISTS (
            SELECT FROM ecriture e JOIN mouvement m ON m.ecriture_id = e.id AND m.compte = 'aides'
                   AND m.montant = a.montant
            JOIN mouvement f ON f.ecriture_id = e.id AND f.foyer_id = a.foyer_id AND f.montant = -a.montant
            WHERE e.cle = 'aide:' || a.id)
        """,
        "L’aide {id} n’est pas dans le grand livre, de ce montant et pour ce foyer.",
    ),
    (
        """
        SELECT a.id FROM aide a WHERE (a.annulee_le IS NOT NULL) <> EXISTS (
            SELECT FROM ecriture e JOIN ecriture c ON c.contrepasse_id = e.id WHERE e.cle = 'aide:' || a.id)
        """,
        "L’aide {id} et le grand livre ne disent pas la même chose de son annulation.",
    ),
    (
        "SELECT id FROM remboursement WHERE etat IN ('prepare', 'inconnu') AND demande_le < :avant",
        "Le remboursement {id} attend la réponse de Stripe depuis plus d’une heure.",
    ),
    (
        """
        SELECT r.foyer_id FROM reglement r WHERE r.mode = 'sepa'
        AND NOT EXISTS (SELECT FROM mandat m WHERE m.foyer_id = r.foyer_id AND m.retire_le IS NULL)
        """,
        "Le foyer {foyer_id} paie par prélèvement, mais n’a pas de mandat en usage.",
    ),
    (
        "SELECT id, type FROM evenement_stripe WHERE traite_le IS NULL AND recu_le < :avant",
        "L’événement {id} de Stripe ({type}) attend depuis plus d’une heure.",
    ),
    (
        """
        SELECT r.foyer_id FROM reglement r WHERE r.mode = 'carte'
        AND NOT EXISTS (SELECT FROM carte c WHERE c.foyer_id = r.foyer_id AND c.retiree_le IS NULL)
        """,
        "Le foyer {foyer_id} paie par carte, mais n’a pas de carte enregistrée.",
    ),
)


def verifier(session: Session) -> list[str]:
    """Every fault found in the ledger and in the payments; an empty list when all is well."""
    valeurs = {"avant": clock.now() - PATIENCE}
    fautes: list[str] = []
    for requete, phrase in (*REGLES, *REGLES_DE_LA_REGIE, *REGLES_DU_RAPPROCHEMENT):
        lignes = session.execute(text(requete), valeurs if ":avant" in requete else {}).mappings()
        fautes += [phrase.format(**ligne) for ligne in lignes]
    return fautes

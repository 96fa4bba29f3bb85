"""What must always hold of the régie, as queries; read by `verifications.py` with the rest of money."""

REGLES_DE_LA_REGIE: tuple[tuple[str, str], ...] = (
    (
        """
        SELECT r.code, c.annee, c.serie, c.dernier, n.nombre, n.dernier AS numero FROM compteur_regie c
        JOIN regie r ON r.id = c.regie_id
        CROSS JOIN LATERAL (SELECT count(*) AS nombre, coalesce(max(q.numero), 0) AS dernier FROM quittance q
                            WHERE q.regie_id = c.regie_id AND q.annee = c.annee) n
        WHERE c.serie = 'quittance' AND (n.nombre <> c.dernier OR n.dernier <> c.dernier)
        """,
        "Les quittances {code} de {annee} ont un trou : {nombre} quittances, la dernière porte le numéro {numero},"
        " le compteur en est à {dernier}.",
    ),
    (
        """
        SELECT q.id FROM quittance q WHERE NOT EXISTS (
            SELECT FROM compteur_regie c WHERE c.regie_id = q.regie_id AND c.annee = q.annee AND c.serie = 'quittance')
        """,
        "La quittance {id} a un numéro que le compteur n’a pas donné.",
    ),
    (
        """
        SELECT q.id FROM quittance q WHERE q.annule_id IS NULL AND 1 <> (
            SELECT count(*) FROM ecriture e
            JOIN mouvement f ON f.ecriture_id = e.id AND f.compte = 'foyer'
                            AND f.foyer_id = q.foyer_id AND f.montant = -q.montant
            JOIN mouvement c ON c.ecriture_id = e.id AND c.montant = q.montant
                            AND c.tiers = 'maison:' || q.maison_id
                            AND c.compte = CASE q.moyen WHEN 'especes' THEN 'caisse' WHEN 'cheque' THEN 'cheques'
                                                        WHEN 'carte' THEN 'tpe' ELSE 'cap' END
            WHERE e.cle = 'quittance:' || q.id)
        """,
        "La quittance {id} n’a pas son écriture, de ce montant, pour ce foyer et dans cette caisse.",
    ),
    (
        """
        SELECT e.cle FROM ecriture e WHERE e.cle LIKE 'quittance:%'
        AND NOT EXISTS (SELECT FROM quittance q WHERE 'quittance:' || q.id = e.cle)
        """,
        "L’écriture {cle} dit une quittance qui n’existe pas.",
    ),
    (
        """
        SELECT a.id FROM quittance a JOIN quittance q ON q.id = a.annule_id
        WHERE a.montant <> -q.montant OR a.moyen <> q.moyen OR a.foyer_id <> q.foyer_id OR a.maison_id <> q.maison_id
           OR NOT EXISTS (SELECT FROM ecriture e JOIN ecriture r ON r.contrepasse_id = e.id
                          WHERE e.cle = 'quittance:' || q.id)
        """,
        "La quittance {id} n’annule pas exactement l’autre, dans le grand livre aussi.",
    ),
    (
        """
        SELECT e.cle FROM ecriture e JOIN ecriture r ON r.contrepasse_id = e.id
        WHERE e.cle LIKE 'quittance:%' AND NOT EXISTS (
            SELECT FROM quittance a WHERE 'quittance:' || a.annule_id = e.cle)
        """,
        "L’écriture {cle} est annulée sans quittance d’annulation.",
    ),
    (
        """
        SELECT c.maison_id, c.fonds, coalesce(sum(m.montant), 0) AS livre FROM caisse c
        LEFT JOIN mouvement m ON m.tiers = 'maison:' || c.maison_id AND m.compte = 'caisse'
             AND m.ecriture_id IN (SELECT id FROM ecriture WHERE cle LIKE 'fonds:%')
        GROUP BY c.maison_id HAVING c.fonds <> coalesce(sum(m.montant), 0)
        """,
        "La caisse de la maison {maison_id} a un fonds de {fonds} centimes, le grand livre lui en a confié {livre}.",
    ),
    (
        """
        SELECT m.tiers, m.compte, sum(m.montant) AS solde FROM mouvement m
        WHERE m.compte IN ('caisse', 'cheques', 'cap') GROUP BY m.tiers, m.compte HAVING sum(m.montant) < 0
        """,
        "Le compte {compte} de {tiers} est négatif : {solde} centimes.",
    ),
    (
        """
        SELECT c.id, c.theorique, coalesce(sum(m.montant), 0) AS livre FROM cloture_caisse c
        LEFT JOIN mouvement m ON m.tiers = 'maison:' || c.maison_id AND m.compte = 'caisse'
             AND m.ecriture_id <= c.derniere_ecriture
        GROUP BY c.id HAVING c.theorique <> coalesce(sum(m.montant), 0)
        """,
        "La clôture de caisse {id} attendait {theorique} centimes, le grand livre disait {livre}.",
    ),
    (
        """
        SELECT c.id FROM cloture_caisse c WHERE c.trouve <> (
            SELECT coalesce(sum(n.key::integer * n.value::integer), 0) FROM jsonb_each_text(c.comptage) n)
        """,
        "La clôture de caisse {id} n’a pas la somme de ses billets et de ses pièces.",
    ),
    (
        """
        SELECT c.id, c.ecart FROM cloture_caisse c WHERE c.ecart <> coalesce((
            SELECT sum(m.montant) FROM ecriture e JOIN mouvement m ON m.ecriture_id = e.id AND m.compte = 'caisse'
            WHERE e.cle = 'ecart:' || c.id AND m.tiers = 'maison:' || c.maison_id), 0)
        """,
        "L’écart de {ecart} centimes de la clôture de caisse {id} n’est pas dans le grand livre.",
    ),
    (
        """
        SELECT e.cle FROM ecriture e WHERE e.cle LIKE 'ecart:%'
        AND NOT EXISTS (SELECT FROM cloture_caisse c WHERE 'ecart:' || c.id = e.cle AND c.ecart <> 0)
        """,
        "L’écriture {cle} dit un écart qu’aucune clôture de caisse n’a trouvé.",
    ),
    (
        """
        SELECT q.id FROM quittance q JOIN cloture_caisse c ON c.maison_id = q.maison_id AND c.jour = q.jour
        WHERE q.emise_le > c.close_le
        """,
        "La quittance {id} a été émise après la clôture de sa caisse.",
    ),
    (
        """
        SELECT r.code, c.annee, c.dernier, n.nombre, n.dernier AS numero FROM compteur_regie c
        JOIN regie r ON r.id = c.regie_id
        CROSS JOIN LATERAL (SELECT count(*) AS nombre, coalesce(max(v.numero), 0) AS dernier FROM versement v
                            WHERE v.regie_id = c.regie_id AND v.annee = c.annee) n
        WHERE c.serie = 'versement' AND (n.nombre <> c.dernier OR n.dernier <> c.dernier)
        """,
        "Les versements {code} de {annee} ont un trou : {nombre} versements, le dernier porte le numéro {numero},"
        " le compteur en est à {dernier}.",
    ),
    (
        """
        SELECT v.id FROM versement v WHERE v.cheques + v.cap <> (
            SELECT coalesce(sum(q.montant), 0) FROM versement_piece p JOIN quittance q ON q.id = p.quittance_id
            WHERE p.versement_id = v.id)
        """,
        "Le versement {id} n’a pas la somme de ses chèques et de ses CAP.",
    ),
    (
        """
        SELECT v.id FROM versement v WHERE 3 <> (
            SELECT count(*) FROM (VALUES ('caisse', v.especes), ('cheques', v.cheques), ('cap', v.cap)) a(compte, verse)
            WHERE a.verse = coalesce((
                SELECT -sum(m.montant) FROM ecriture e JOIN mouvement m ON m.ecriture_id = e.id
                WHERE e.cle = 'versement:' || v.id AND m.compte = a.compte AND m.tiers = 'maison:' || v.maison_id), 0))
        """,
        "Le versement {id} n’est pas dans le grand livre, de ces montants.",
    ),
    (
        """
        SELECT e.cle FROM ecriture e WHERE e.cle LIKE 'versement:%'
        AND NOT EXISTS (SELECT FROM versement v WHERE 'versement:' || v.id = e.cle)
        """,
        "L’écriture {cle} dit un versement qui n’existe pas.",
    ),
    (
        """
        SELECT r.code, c.annee, c.dernier, n.nombre, n.dernier AS numero FROM compteur_regie c
        JOIN regie r ON r.id = c.regie_id
        CROSS JOIN LATERAL (SELECT count(*) AS nombre, coalesce(max(e.numero), 0) AS dernier FROM etat_restes e
                            WHERE e.regie_id = c.regie_id AND e.annee = c.annee) n
        WHERE c.serie = 'restes' AND (n.nombre <> c.dernier OR n.dernier <> c.dernier)
        """,
        "Les états de restes {code} de {annee} ont un trou : {nombre} états, le dernier porte le numéro {numero},"
        " le compteur en est à {dernier}.",
    ),
    (
        """
        SELECT r.id FROM reste r WHERE 1 <> (
            SELECT count(*) FROM ecriture e
            JOIN mouvement t ON t.ecriture_id = e.id AND t.compte = 'titres' AND t.tiers = 'foyer:' || r.foyer_id
                            AND t.montant = r.montant
            JOIN mouvement f ON f.ecriture_id = e.id AND f.foyer_id = r.foyer_id AND f.montant = -r.montant
            WHERE e.cle = 'reste:' || r.id
              AND (r.repris_le IS NOT NULL) = EXISTS (SELECT FROM ecriture c WHERE c.contrepasse_id = e.id))
        """,
        "Le reste à recouvrer {id} et le grand livre ne disent pas la même chose.",
    ),
    (
        """
        SELECT coalesce(m.tiers, 'personne') AS qui, sum(m.montant) AS livre, coalesce(min(r.montant), 0) AS restes
        FROM mouvement m LEFT JOIN (SELECT 'foyer:' || foyer_id AS tiers, sum(montant) AS montant FROM reste
                                    WHERE repris_le IS NULL GROUP BY foyer_id) r ON r.tiers = m.tiers
        WHERE m.compte = 'titres' GROUP BY m.tiers HAVING sum(m.montant) <> coalesce(min(r.montant), 0)
        """,
        "Le Trésor a {livre} centimes de {qui} selon le grand livre, {restes} selon les états remis.",
    ),
    (
        """
        SELECT r.id FROM reste r JOIN etat_restes e ON e.id = r.etat_id
        WHERE r.repris_le > e.prise_en_charge_le OR r.depuis > e.arrete_au
        """,
        "Le reste à recouvrer {id} a été repris après sa prise en charge, ou n’était pas assez ancien.",
    ),
)

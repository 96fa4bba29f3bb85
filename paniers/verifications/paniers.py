"""The invariants of baskets, as queries that share no code with the closing and the orders they check."""

# ruff: noqa: S608  (the queries are put together from this house's own words)

from collections.abc import Mapping

from sqlalchemy import TextClause, text

from paniers.verifications.distributions import COMMANDES_POUR

CHECKS: Mapping[str, TextClause] = {
    "Semaine {code} : l’abonnement {abonnement_id} devait un panier et n’en a pas.": text(
        """
        SELECT s.code, v.abonnement_id
          FROM semaine s
          JOIN abonnement_version v ON s.retrait_le BETWEEN v.debut AND v.fin
                                   AND v.depuis < s.cloture_le AND coalesce(v.jusqu_a, 'infinity') >= s.cloture_le
          LEFT JOIN choix c ON c.abonnement_id = v.abonnement_id AND c.semaine_id = s.id
          LEFT JOIN panier p ON p.abonnement_id = v.abonnement_id AND p.semaine_id = s.id
         WHERE s.etat NOT IN ('ouverte', 'annulee') AND p.id IS NULL
           AND coalesce(c.nature, '') <> 'pas_cette_semaine'
           AND NOT EXISTS (SELECT 1 FROM pause q WHERE q.abonnement_id = v.abonnement_id
                              AND s.retrait_le BETWEEN q.du AND q.au AND q.posee_le < s.cloture_le
                              AND coalesce(q.levee_le, 'infinity') >= s.cloture_le)
           AND NOT EXISTS (SELECT 1 FROM distribution a WHERE a.semaine_id = s.id AND a.nature = 'annulee'
                              AND a.maison_id = coalesce(c.maison_id, v.maison_id)
                              AND a.depuis < s.cloture_le AND coalesce(a.jusqu_a, 'infinity') >= s.cloture_le)
         ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Semaine {code} : l’abonnement {abonnement_id} a un panier qu’il ne devait pas avoir.": text(
        """
        SELECT s.code, p.abonnement_id
          FROM panier p JOIN semaine s ON s.id = p.semaine_id
         WHERE s.etat = 'ouverte'
            OR EXISTS (SELECT 1 FROM choix c WHERE c.abonnement_id = p.abonnement_id AND c.semaine_id = s.id
                                               AND c.nature = 'pas_cette_semaine')
            OR NOT EXISTS (SELECT 1 FROM abonnement_version v WHERE v.abonnement_id = p.abonnement_id
                              AND s.retrait_le BETWEEN v.debut AND v.fin AND v.depuis < s.cloture_le
                              AND coalesce(v.jusqu_a, 'infinity') >= s.cloture_le)
            OR EXISTS (SELECT 1 FROM pause q WHERE q.abonnement_id = p.abonnement_id
                          AND s.retrait_le BETWEEN q.du AND q.au AND q.posee_le < s.cloture_le
                          AND coalesce(q.levee_le, 'infinity') >= s.cloture_le)
            OR EXISTS (SELECT 1 FROM distribution a WHERE a.semaine_id = s.id AND a.nature = 'annulee'
                          AND a.maison_id = p.maison_id
                          AND a.depuis < s.cloture_le AND coalesce(a.jusqu_a, 'infinity') >= s.cloture_le)
         ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Le panier {id} n’est pas celui que son abonnement disait à la clôture : foyer, maison ou nombre.": text(
        """
        SELECT p.id
          FROM panier p
          JOIN semaine s ON s.id = p.semaine_id
          JOIN abonnement a ON a.id = p.abonnement_id
          JOIN abonnement_version v ON v.abonnement_id = a.id AND v.depuis < s.cloture_le
                                   AND coalesce(v.jusqu_a, 'infinity') >= s.cloture_le
          LEFT JOIN choix c ON c.abonnement_id = a.id AND c.semaine_id = s.id
          LEFT JOIN distribution d ON d.semaine_id = s.id AND d.maison_id = coalesce(c.maison_id, v.maison_id)
                                  AND d.depuis < s.cloture_le AND coalesce(d.jusqu_a, 'infinity') >= s.cloture_le
          LEFT JOIN LATERAL (SELECT t.de_maison_id FROM panier_decision t WHERE t.panier_id = p.id
                              ORDER BY t.id LIMIT 1) t ON true
         WHERE (p.foyer_id, coalesce(t.de_maison_id, p.maison_id), p.nombre)
               <> (a.foyer_id, coalesce(d.chez_id, c.maison_id, v.maison_id), v.nombre)
         ORDER BY 1 LIMIT 20
        """
    ),
    "Le panier {id} est de la tranche « {tranche} », à un prix que la grille ne dit pas.": text(
        """
        SELECT p.id, p.tranche
          FROM panier p
          JOIN semaine s ON s.id = p.semaine_id
          JOIN LATERAL (SELECT regle FROM grille WHERE effet_le <= s.retrait_le
                         ORDER BY effet_le DESC LIMIT 1) g ON true
         WHERE CASE g.regle ->> 'forme'
               WHEN 'tranches' THEN NOT EXISTS (
                    SELECT 1 FROM jsonb_array_elements(g.regle -> 'tranches') t
                     WHERE t ->> 'nom' = p.tranche AND (t ->> 'prix')::int = p.prix)
               ELSE p.prix NOT BETWEEN (g.regle ->> 'plancher')::int AND (g.regle ->> 'plafond')::int END
         ORDER BY 1 LIMIT 20
        """
    ),
    "L’abonnement {abonnement_id} a été changé à des instants qui ne se suivent pas.": text(
        """
        SELECT DISTINCT abonnement_id
          FROM (SELECT abonnement_id, jusqu_a, lead(depuis) OVER (PARTITION BY abonnement_id ORDER BY id) AS suite
                  FROM abonnement_version) v
         WHERE jusqu_a IS DISTINCT FROM suite ORDER BY 1 LIMIT 20
        """
    ),
    "Semaine {code} : le choix de l’abonnement {abonnement_id} est venu après la clôture.": text(
        """
        SELECT s.code, c.abonnement_id FROM choix c JOIN semaine s ON s.id = c.semaine_id
         WHERE c.fait_le >= s.cloture_le ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Le panier {id} n’est pas débité de son prix figé sur le compte de son foyer.": text(
        """
        SELECT p.id
          FROM panier p
          LEFT JOIN ecriture e ON e.cle = 'panier:' || p.id
          LEFT JOIN mouvement m ON m.ecriture_id = e.id AND m.compte = 'foyer' AND m.foyer_id = p.foyer_id
         GROUP BY p.id HAVING coalesce(sum(m.montant), 0) <> p.nombre * p.prix
         ORDER BY 1 LIMIT 20
        """
    ),
    "Le panier {id} : la part du CCAS n’est pas son coût moins son prix.": text(
        """
        SELECT p.id
          FROM panier p
          JOIN ecriture e ON e.cle = 'panier:' || p.id
          LEFT JOIN mouvement m ON m.ecriture_id = e.id
         GROUP BY p.id
        HAVING coalesce(sum(m.montant) FILTER (WHERE m.compte = 'achats'), 0) <> -p.nombre * p.cout
            OR coalesce(sum(m.montant) FILTER (WHERE m.compte = 'participation_ccas'), 0)
               <> p.nombre * (p.cout - p.prix)
         ORDER BY 1 LIMIT 20
        """
    ),
    "L’écriture {cle} débite un panier qui n’existe pas.": text(
        """
        SELECT e.cle FROM ecriture e
          LEFT JOIN panier p ON e.cle = 'panier:' || p.id
         WHERE e.cle LIKE 'panier:%' AND p.id IS NULL ORDER BY 1 LIMIT 20
        """
    ),
    "Foyer {foyer_id}, semaine {code} : l’échéance n’est pas la somme de ses paniers.": text(
        """
        WITH dus AS (SELECT p.foyer_id, s.code, sum(p.nombre * p.prix) FILTER (WHERE p.etat <> 'annule') AS du
                       FROM panier p JOIN semaine s ON s.id = p.semaine_id GROUP BY 1, 2)
        SELECT coalesce(d.foyer_id, e.foyer_id) AS foyer_id, coalesce(d.code, e.cle) AS code
          FROM dus d FULL JOIN (SELECT * FROM echeance WHERE cle ~ '^[0-9]{4}-W[0-9]{2}$') e
            ON e.foyer_id = d.foyer_id AND e.cle = d.code
         WHERE CASE WHEN d.foyer_id IS NOT NULL AND d.du IS NULL THEN e.id IS NULL OR e.reglee_le IS NULL
                    ELSE d.du IS DISTINCT FROM e.montant END
         ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Commande {numero} : {produit} ne fait pas le besoin des maisons, à des lots entiers près.": text(
        f"""
        WITH {COMMANDES_POUR}
        SELECT c.numero, d.nom AS produit
          FROM commande c
          JOIN offre o ON o.semaine_id = c.semaine_id AND o.producteur_id = c.producteur_id
          JOIN produit d ON d.id = o.produit_id
          JOIN composition k ON k.semaine_id = c.semaine_id
          JOIN composition_ligne kl ON kl.composition_id = k.id AND kl.offre_id = o.id
         WHERE (SELECT coalesce(sum(l.quantite), 0) FROM commande_ligne l
                 WHERE l.commande_id = c.id AND l.offre_id = o.id)
               <> ceil(kl.quantite * (SELECT coalesce(sum(p.nombre), 0) FROM pour_maison p
                                       WHERE p.semaine_id = c.semaine_id)
                       / o.lot::numeric) * o.lot
         ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Commande {numero} : la part de la maison {maison} n’est pas ses paniers fois la composition.": text(
        f"""
        WITH {COMMANDES_POUR}
        SELECT c.numero, m.nom AS maison
          FROM commande_ligne l
          JOIN commande c ON c.id = l.commande_id
          JOIN maison m ON m.id = l.maison_id
          JOIN composition k ON k.semaine_id = c.semaine_id
          JOIN composition_ligne kl ON kl.composition_id = k.id AND kl.offre_id = l.offre_id
         WHERE l.quantite <> kl.quantite * (SELECT coalesce(sum(p.nombre), 0) FROM pour_maison p
                                             WHERE p.semaine_id = c.semaine_id AND p.maison_id = m.id)
         ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Commande {numero} : {produit} n’est pas dans le panier de la semaine.": text(
        """
        SELECT DISTINCT c.numero, d.nom AS produit
          FROM commande_ligne l
          JOIN commande c ON c.id = l.commande_id
          JOIN offre o ON o.id = l.offre_id
          JOIN produit d ON d.id = o.produit_id
         WHERE (o.semaine_id, o.producteur_id) <> (c.semaine_id, c.producteur_id)
            OR NOT EXISTS (SELECT 1 FROM composition k JOIN composition_ligne kl ON kl.composition_id = k.id
                            WHERE k.semaine_id = c.semaine_id AND kl.offre_id = l.offre_id)
         ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Semaine {code} : {producteur} a un produit dans le panier, et pas de commande.": text(
        """
        SELECT DISTINCT s.code, f.nom AS producteur
          FROM semaine s
          JOIN composition k ON k.semaine_id = s.id
          JOIN composition_ligne kl ON kl.composition_id = k.id
          JOIN offre o ON o.id = kl.offre_id
          JOIN producteur f ON f.id = o.producteur_id
         WHERE s.etat IN ('commandee', 'livree', 'terminee')
           AND EXISTS (SELECT 1 FROM panier p WHERE p.semaine_id = s.id AND p.etat <> 'annule')
           AND NOT EXISTS (SELECT 1 FROM commande c WHERE c.semaine_id = s.id AND c.producteur_id = f.id)
         ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Commande {numero} : son total n’est pas celui de ses lignes.": text(
        """
        WITH par_produit AS (
            SELECT l.commande_id, round(sum(l.quantite) * o.prix
                                        / CASE d.unite WHEN 'gramme' THEN 1000.0 ELSE 1.0 END) AS ht
              FROM commande_ligne l JOIN offre o ON o.id = l.offre_id JOIN produit d ON d.id = o.produit_id
             GROUP BY l.commande_id, o.id, o.prix, d.unite),
        totaux AS (SELECT commande_id, sum(ht) AS ht FROM par_produit GROUP BY 1)
        SELECT c.numero FROM commande c
          JOIN producteur p ON p.id = c.producteur_id
          LEFT JOIN totaux t ON t.commande_id = c.id
         WHERE c.total_ht <> coalesce(t.ht, 0)
            OR c.tva <> CASE WHEN p.franchise_tva THEN 0 ELSE round(coalesce(t.ht, 0) * 0.055) END
         ORDER BY 1 LIMIT 20
        """
    ),
    "Semaine {code} : ce qui est dû aux producteurs n’est pas la somme de leurs commandes.": text(
        """
        SELECT s.code
          FROM semaine s
          LEFT JOIN ecriture e ON (e.cle = 'commandes:' || s.id OR e.cle LIKE 'commandes:' || s.id || ':%')
                              AND NOT EXISTS (SELECT 1 FROM ecriture r WHERE r.contrepasse_id = e.id)
         WHERE s.etat IN ('commandee', 'livree', 'terminee')
           AND (SELECT coalesce(-sum(m.montant), 0) FROM mouvement m
                 WHERE m.ecriture_id = e.id AND m.compte = 'producteurs')
               <> (SELECT coalesce(sum(c.total_ht + c.tva), 0) FROM commande c WHERE c.semaine_id = s.id)
         ORDER BY 1 LIMIT 20
        """
    ),
    "Commande {numero} : le grand livre ne dit pas ce montant dû à son producteur.": text(
        """
        SELECT c.numero
          FROM commande c
          LEFT JOIN ecriture e ON (e.cle = 'commandes:' || c.semaine_id
                                   OR e.cle LIKE 'commandes:' || c.semaine_id || ':%')
                              AND NOT EXISTS (SELECT 1 FROM ecriture r WHERE r.contrepasse_id = e.id)
          LEFT JOIN mouvement m ON m.ecriture_id = e.id AND m.compte = 'producteurs'
                               AND m.tiers = 'producteur:' || c.producteur_id
         GROUP BY c.id HAVING coalesce(-sum(m.montant), 0) <> c.total_ht + c.tva
         ORDER BY 1 LIMIT 20
        """
    ),
    "Semaine {code} : le coût estimé à la clôture n’est pas repris par les commandes.": text(
        f"""
        WITH {COMMANDES_POUR}
        SELECT s.code
          FROM semaine s
         WHERE s.etat IN ('commandee', 'livree', 'terminee')
           AND (SELECT coalesce(sum(m.montant), 0) FROM ecriture e JOIN mouvement m ON m.ecriture_id = e.id
                 WHERE (e.cle = 'commandes:' || s.id OR e.cle LIKE 'commandes:' || s.id || ':%')
                   AND m.compte = 'achats' AND NOT EXISTS (SELECT 1 FROM ecriture r WHERE r.contrepasse_id = e.id))
               <> (SELECT coalesce(sum(p.cout), 0) FROM pour_maison p WHERE p.semaine_id = s.id)
         ORDER BY 1 LIMIT 20
        """
    ),
    "Le panier {id} est dit « {etat} », ce que les gestes enregistrés ne disent pas.": text(
        """
        SELECT p.id, p.etat FROM panier p
         WHERE (p.etat = 'remis') <> EXISTS (
               SELECT 1 FROM retrait r WHERE r.panier_id = p.id AND r.moyen <> 'annulation'
                  AND NOT EXISTS (SELECT 1 FROM retrait a WHERE a.annule_id = r.id))
         ORDER BY 1 LIMIT 20
        """
    ),
    "Le panier {id} a été remis plusieurs fois sans qu’aucune remise soit annulée.": text(
        """
        SELECT r.panier_id AS id FROM retrait r
         WHERE r.moyen <> 'annulation' AND NOT EXISTS (SELECT 1 FROM retrait a WHERE a.annule_id = r.id)
         GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 20
        """
    ),
    "Le geste {id} du registre annule autre chose qu’une remise du même panier.": text(
        """
        SELECT a.id
          FROM retrait a LEFT JOIN retrait r ON r.id = a.annule_id AND r.panier_id = a.panier_id
                                            AND r.moyen <> 'annulation'
         WHERE (a.moyen = 'annulation') <> (r.id IS NOT NULL) OR (a.annule_id IS NOT NULL AND r.id IS NULL)
         ORDER BY 1 LIMIT 20
        """
    ),
    "Le geste {id} du registre nomme un proche que le foyer du panier n’attendait pas.": text(
        """
        SELECT r.id
          FROM retrait r
          JOIN panier p ON p.id = r.panier_id
          JOIN semaine s ON s.id = p.semaine_id
          JOIN procuration q ON q.id = r.procuration_id
         WHERE q.foyer_id <> p.foyer_id OR s.retrait_le < q.du OR s.retrait_le > q.au OR r.le > q.revoquee_le
         ORDER BY 1 LIMIT 20
        """
    ),
    "Semaine {code} : elle est terminée, et le panier {id} attend encore d’être remis.": text(
        """
        SELECT s.code, p.id FROM semaine s JOIN panier p ON p.semaine_id = s.id
         WHERE s.etat = 'terminee' AND p.etat = 'a_remettre' ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Semaine {code} : ses étapes ne se suivent pas.": text(
        """
        SELECT DISTINCT s.code
          FROM (SELECT semaine_id, de, lag(vers, 1, 'ouverte') OVER (PARTITION BY semaine_id ORDER BY id) AS avant
                  FROM semaine_etape) e
          JOIN semaine s ON s.id = e.semaine_id
         WHERE e.de <> e.avant ORDER BY 1 LIMIT 20
        """
    ),
    "Semaine {code} : les dates d’étape ne mènent pas à l’état « {etat} ».": text(
        """
        SELECT s.code, s.etat FROM semaine s
         WHERE s.etat <> coalesce((SELECT e.vers FROM semaine_etape e WHERE e.semaine_id = s.id
                                    ORDER BY e.id DESC LIMIT 1), 'ouverte')
         ORDER BY 1 LIMIT 20
        """
    ),
}

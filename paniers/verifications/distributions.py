"""The invariants of hand-outs moved, cancelled or taken in elsewhere, as queries that share no code with them."""

from collections.abc import Mapping

from sqlalchemy import TextClause, text

# The baskets that were ordered, at the maison where they were then: what was cancelled or moved after the orders were
# written (or last corrected) was ordered all the same. Their cost counts whatever was corrected since. Added up
# by maison once: each line of each order is compared with it.
COMMANDES_POUR = """
    apres_coup AS (
        SELECT t.id, t.panier_id, t.de_maison_id, a.nature,
               a.depuis > coalesce((SELECT max(k.faite_le) FROM correction k WHERE k.semaine_id = a.semaine_id),
                                   '-infinity') AS ecrites
          FROM panier_decision t JOIN distribution a ON a.id = t.distribution_id
         WHERE a.etat_semaine IN ('commandee', 'livree')),
    commande_pour AS (
        SELECT p.semaine_id, p.nombre, p.cout,
               coalesce((SELECT t.de_maison_id FROM apres_coup t WHERE t.panier_id = p.id AND t.ecrites
                          ORDER BY t.id LIMIT 1), p.maison_id) AS maison_id,
               p.etat <> 'annule' OR EXISTS (
                   SELECT 1 FROM apres_coup t WHERE t.panier_id = p.id AND t.nature = 'annulee' AND t.ecrites) AS compte
          FROM panier p
         WHERE p.etat <> 'annule' OR EXISTS (
               SELECT 1 FROM apres_coup t WHERE t.panier_id = p.id AND t.nature = 'annulee')),
    pour_maison AS MATERIALIZED (
        SELECT semaine_id, maison_id, coalesce(sum(nombre) FILTER (WHERE compte), 0) AS nombre,
               sum(nombre * cout) AS cout
          FROM commande_pour GROUP BY 1, 2)
"""

CHECKS: Mapping[str, TextClause] = {
    "Le panier {id} n’est ni annulé ni recrédité et son débit est contrepassé, ou l’inverse.": text(
        """
        SELECT p.id
          FROM panier p
          JOIN ecriture e ON e.cle = 'panier:' || p.id
          LEFT JOIN ecriture r ON r.contrepasse_id = e.id
         WHERE (p.etat = 'annule' OR EXISTS (SELECT 1 FROM avoir_panier v WHERE v.panier_id = p.id))
               <> (r.id IS NOT NULL) ORDER BY 1 LIMIT 20
        """
    ),
    "Le panier {id} est annulé sans décision qui l’annule, ou l’inverse.": text(
        """
        SELECT p.id
          FROM panier p
         WHERE (p.etat = 'annule') <> EXISTS (
               SELECT 1 FROM panier_decision t JOIN distribution a ON a.id = t.distribution_id
                WHERE t.panier_id = p.id AND a.nature = 'annulee') ORDER BY 1 LIMIT 20
        """
    ),
    "Le panier {id} attend à un endroit où la distribution est annulée ou partie ailleurs.": text(
        """
        SELECT DISTINCT p.id
          FROM panier p
          JOIN distribution a ON a.semaine_id = p.semaine_id AND a.jusqu_a IS NULL
                             AND (a.maison_id IS NULL OR a.maison_id = p.maison_id)
         WHERE p.etat IN ('a_remettre', 'non_retire') AND a.nature IN ('annulee', 'accueillie')
         ORDER BY 1 LIMIT 20
        """
    ),
    "Le panier {id} n’est pas à la maison où sa dernière décision l’a laissé.": text(
        """
        SELECT p.id
          FROM panier p
          JOIN LATERAL (SELECT coalesce(a.chez_id, t.de_maison_id) AS maison_id
                          FROM panier_decision t JOIN distribution a ON a.id = t.distribution_id
                         WHERE t.panier_id = p.id ORDER BY t.id DESC LIMIT 1) d ON true
         WHERE d.maison_id <> p.maison_id ORDER BY 1 LIMIT 20
        """
    ),
    "Semaine {code} : toute la ville est annulée et la semaine ne l’est pas, ou l’inverse.": text(
        """
        SELECT s.code
          FROM semaine s
         WHERE (s.etat = 'annulee') <> EXISTS (
               SELECT 1 FROM distribution a WHERE a.semaine_id = s.id AND a.maison_id IS NULL
                  AND a.nature = 'annulee' AND a.jusqu_a IS NULL) ORDER BY 1 LIMIT 20
        """
    ),
    "Décision {id} : les avoirs de ses foyers ne sont pas la somme des paniers qu’elle annule.": text(
        """
        WITH du AS (SELECT t.distribution_id, p.foyer_id, sum(p.nombre * p.prix) AS prix
                      FROM panier_decision t
                      JOIN panier p ON p.id = t.panier_id
                      JOIN distribution a ON a.id = t.distribution_id
                     WHERE a.nature = 'annulee' GROUP BY 1, 2),
        rendu AS (SELECT t.distribution_id, m.foyer_id, -sum(m.montant) AS prix
                    FROM panier_decision t
                    JOIN distribution a ON a.id = t.distribution_id AND a.nature = 'annulee'
                    JOIN ecriture e ON e.cle = 'panier:' || t.panier_id
                    JOIN ecriture r ON r.contrepasse_id = e.id
                    JOIN mouvement m ON m.ecriture_id = r.id AND m.compte = 'foyer' GROUP BY 1, 2)
        SELECT DISTINCT coalesce(d.distribution_id, r.distribution_id) AS id
          FROM du d FULL JOIN rendu r ON r.distribution_id = d.distribution_id AND r.foyer_id = d.foyer_id
         WHERE d.prix IS DISTINCT FROM r.prix ORDER BY 1 LIMIT 20
        """
    ),
    "Décision {id} : ce qui était commandé pour ses paniers annulés n’est pas, au centime, à la charge du CCAS.": text(
        """
        WITH commande AS (SELECT a.id, coalesce(sum(p.nombre * p.cout), 0) AS cout
                            FROM distribution a
                            LEFT JOIN panier_decision t ON t.distribution_id = a.id
                            LEFT JOIN panier p ON p.id = t.panier_id
                           WHERE a.nature = 'annulee' AND a.etat_semaine IN ('commandee', 'livree') GROUP BY 1),
        porte AS (SELECT split_part(e.cle, ':', 2)::bigint AS id,
                         coalesce(-sum(m.montant) FILTER (WHERE m.compte = 'achats'), 0) AS achats,
                         coalesce(sum(m.montant) FILTER (WHERE m.compte = 'participation_ccas'), 0) AS ccas
                    FROM ecriture e JOIN mouvement m ON m.ecriture_id = e.id
                   WHERE e.cle LIKE 'annulation:%' GROUP BY 1)
        SELECT coalesce(c.id, p.id) AS id
          FROM commande c FULL JOIN porte p ON p.id = c.id
         WHERE coalesce(c.cout, 0) <> coalesce(p.achats, 0) OR coalesce(c.cout, 0) <> coalesce(p.ccas, 0)
         ORDER BY 1 LIMIT 20
        """
    ),
    "Semaine {code} : deux décisions y sont en vigueur à la fois pour la même maison.": text(
        """
        SELECT DISTINCT s.code
          FROM distribution a
          JOIN distribution b ON b.semaine_id = a.semaine_id AND b.id > a.id
                             AND b.maison_id IS NOT DISTINCT FROM a.maison_id
                             AND b.depuis < coalesce(a.jusqu_a, 'infinity')
          JOIN semaine s ON s.id = a.semaine_id
         ORDER BY 1 LIMIT 20
        """
    ),
}

"""The invariants of corrections: what was changed after the orders is what stands, in the basket, orders and ledger."""

from collections.abc import Mapping

from sqlalchemy import TextClause, text

CORRECTIONS: Mapping[str, TextClause] = {
    "Semaine {code} : ses commandes sont portées {combien} fois au grand livre.": text(
        """
        SELECT s.code, count(*) AS combien
          FROM semaine s
          JOIN ecriture e ON e.cle = 'commandes:' || s.id OR e.cle LIKE 'commandes:' || s.id || ':%'
         WHERE NOT EXISTS (SELECT 1 FROM ecriture r WHERE r.contrepasse_id = e.id)
         GROUP BY s.id HAVING count(*) > 1 ORDER BY 1 LIMIT 20
        """
    ),
    "Semaine {code} : {produit} n’est pas dans le panier comme la dernière correction l’a dit.": text(
        """
        WITH dernieres AS (
            SELECT DISTINCT ON (k.semaine_id, l.offre_id) k.semaine_id, l.offre_id, l.apres
              FROM correction_ligne l JOIN correction k ON k.id = l.correction_id
             ORDER BY k.semaine_id, l.offre_id, k.numero DESC)
        SELECT s.code, d.nom AS produit
          FROM dernieres c
          JOIN semaine s ON s.id = c.semaine_id
          JOIN offre o ON o.id = c.offre_id
          JOIN produit d ON d.id = o.produit_id
         WHERE c.apres <> coalesce((SELECT kl.quantite FROM composition k
                                      JOIN composition_ligne kl ON kl.composition_id = k.id
                                     WHERE k.semaine_id = c.semaine_id AND kl.offre_id = c.offre_id), 0)
         ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Commande {numero} : ses corrections ne mènent pas à sa version {version} et à son total.": text(
        """
        SELECT c.numero, c.version
          FROM commande c
          LEFT JOIN LATERAL (SELECT k.version, k.apres FROM correction_commande k
                              WHERE k.commande_id = c.id ORDER BY k.version DESC LIMIT 1) k ON true
         WHERE c.version <> coalesce(k.version, 1) OR c.total_ht + c.tva <> coalesce(k.apres, c.total_ht + c.tva)
         ORDER BY 1 LIMIT 20
        """
    ),
    "Semaine {code}, correction {numero} : le geste du panier {id} n’est pas sur le compte de son foyer.": text(
        """
        SELECT s.code, k.numero, p.id
          FROM correction k
          JOIN semaine s ON s.id = k.semaine_id
          JOIN panier p ON p.semaine_id = k.semaine_id
          LEFT JOIN ecriture e ON e.cle = 'geste:' || k.id || ':' || p.id
          LEFT JOIN mouvement m ON m.ecriture_id = e.id AND m.compte = 'foyer' AND m.foyer_id = p.foyer_id
         WHERE p.etat <> 'annule'
         GROUP BY s.code, k.id, k.numero, k.credit, p.id, p.nombre
        HAVING coalesce(-sum(m.montant), 0) <> k.credit * p.nombre
         ORDER BY 1, 2, 3 LIMIT 20
        """
    ),
    "Commande {numero} : {produit}, on en commande plus que le producteur ne dit pouvoir livrer.": text(
        """
        WITH dits AS (
            SELECT DISTINCT ON (m.commande_id, m.offre_id) m.commande_id, m.offre_id, m.disponible
              FROM manque m WHERE m.correction_id IS NOT NULL ORDER BY m.commande_id, m.offre_id, m.id DESC)
        SELECT c.numero, d.nom AS produit
          FROM dits x
          JOIN commande c ON c.id = x.commande_id
          JOIN offre o ON o.id = x.offre_id
          JOIN produit d ON d.id = o.produit_id
         WHERE x.disponible < (SELECT coalesce(sum(l.quantite), 0) FROM commande_ligne l
                                WHERE l.commande_id = c.id AND l.offre_id = x.offre_id)
         ORDER BY 1, 2 LIMIT 20
        """
    ),
}

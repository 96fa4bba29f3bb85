"""The invariants of contracts: one at a time for a farm, lists inside of it, and no basket above what was agreed."""

from collections.abc import Mapping

from sqlalchemy import TextClause, text

CONTRATS: Mapping[str, TextClause] = {
    "Le contrat {numero} couvre des jours que le contrat {autre} du même producteur couvre aussi.": text(
        """
        SELECT a.numero, b.numero AS autre
          FROM contrat a JOIN contrat b ON b.producteur_id = a.producteur_id AND b.id > a.id
                                       AND b.debut <= a.fin AND b.fin >= a.debut
         ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Le contrat {numero} a une liste de prix à partir du {effet_le}, avant son premier jour.": text(
        """
        SELECT DISTINCT c.numero, p.effet_le
          FROM prix_convenu p JOIN contrat c ON c.id = p.contrat_id
         WHERE p.effet_le < c.debut ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Semaine {code} : {produit} de {producteur} est dans le panier publié sans prix convenu ni accord.": text(
        """
        SELECT s.code, d.nom AS produit, f.nom AS producteur
          FROM composition k
          JOIN composition_ligne l ON l.composition_id = k.id
          JOIN offre o ON o.id = l.offre_id
          JOIN semaine s ON s.id = o.semaine_id
          JOIN produit d ON d.id = o.produit_id
          JOIN producteur f ON f.id = o.producteur_id
         WHERE k.publiee_le IS NOT NULL AND o.acceptee_le IS NULL
           AND NOT EXISTS (
               SELECT 1 FROM contrat c
                 JOIN LATERAL (SELECT p.effet_le FROM prix_convenu p
                                WHERE p.contrat_id = c.id AND p.effet_le <= s.retrait_le
                                ORDER BY p.effet_le DESC LIMIT 1) liste ON true
                 JOIN prix_convenu p ON p.contrat_id = c.id AND p.effet_le = liste.effet_le
                WHERE c.producteur_id = o.producteur_id AND s.retrait_le BETWEEN c.debut AND c.fin
                  AND p.produit_id = o.produit_id AND p.prix >= o.prix)
         ORDER BY 1, 2, 3 LIMIT 20
        """
    ),
}

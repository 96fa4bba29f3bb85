"""The invariants of given baskets, as queries that share no code with giving them."""

# ruff: noqa: S608  (the queries are put together from this file's own words)

from collections.abc import Mapping

from sqlalchemy import TextClause, text

_TENU = "NOT EXISTS (SELECT 1 FROM don u WHERE u.annule_id = {0}.id)"
_REMIS = (
    "EXISTS (SELECT 1 FROM retrait r WHERE r.panier_id = p.id AND r.moyen <> 'annulation'"
    " AND NOT EXISTS (SELECT 1 FROM retrait u WHERE u.annule_id = r.id))"
)

CHECKS: Mapping[str, TextClause] = {
    "Le panier {id} est dit « {etat} », ce que le registre des dons ne dit pas.": text(
        f"""
        SELECT p.id, p.etat FROM panier p
         WHERE (p.etat = 'donne') <> EXISTS (
               SELECT 1 FROM don d WHERE d.panier_id = p.id AND d.annule_id IS NULL AND {_TENU.format("d")})
         ORDER BY 1 LIMIT 20
        """
    ),
    "Le panier {id} a été donné plusieurs fois, ou donné et remis, sans que rien soit défait.": text(
        f"""
        SELECT p.id
          FROM don d JOIN panier p ON p.id = d.panier_id
         WHERE d.annule_id IS NULL AND {_TENU.format("d")}
         GROUP BY p.id HAVING count(*) > 1 OR {_REMIS}
         ORDER BY 1 LIMIT 20
        """
    ),
    "Le don {id} défait autre chose qu’un don du même panier.": text(
        """
        SELECT d.id
          FROM don d LEFT JOIN don f ON f.id = d.annule_id AND f.panier_id = d.panier_id AND f.annule_id IS NULL
         WHERE d.annule_id IS NOT NULL AND f.id IS NULL ORDER BY 1 LIMIT 20
        """
    ),
    "Semaine {code}, {maison} : {donnes} paniers donnés pour {restes} qui n’ont pas été remis.": text(
        f"""
        WITH restes AS (SELECT p.semaine_id, p.maison_id, sum(p.nombre) AS nombre
                          FROM panier p WHERE p.etat <> 'annule' AND NOT {_REMIS} GROUP BY 1, 2),
             donnes AS (SELECT p.semaine_id, p.maison_id, sum(p.nombre) AS nombre
                          FROM don d JOIN panier p ON p.id = d.panier_id
                         WHERE d.annule_id IS NULL AND {_TENU.format("d")} GROUP BY 1, 2)
        SELECT s.code, m.nom AS maison, d.nombre AS donnes, coalesce(r.nombre, 0) AS restes
          FROM donnes d
          JOIN semaine s ON s.id = d.semaine_id
          JOIN maison m ON m.id = d.maison_id
          LEFT JOIN restes r ON r.semaine_id = d.semaine_id AND r.maison_id = d.maison_id
         WHERE d.nombre > coalesce(r.nombre, 0) ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Le panier {id} est à donner sans que sa famille l’ait dit avant la clôture, ou l’inverse.": text(
        """
        SELECT p.id
          FROM panier p JOIN semaine s ON s.id = p.semaine_id
         WHERE p.a_donner <> EXISTS (
               SELECT 1 FROM choix c WHERE c.abonnement_id = p.abonnement_id AND c.semaine_id = p.semaine_id
                  AND c.nature = 'solidarite' AND c.fait_le < s.cloture_le)
         ORDER BY 1 LIMIT 20
        """
    ),
    "Le panier {id} est recrédité sans avoir été donné, ou son coût n’est pas à la charge du CCAS.": text(
        """
        WITH porte AS (SELECT split_part(e.cle, ':', 2)::bigint AS id,
                              sum(m.montant) FILTER (WHERE m.compte = 'participation_ccas') AS ccas,
                              -sum(m.montant) FILTER (WHERE m.compte = 'achats') AS achats
                         FROM ecriture e JOIN mouvement m ON m.ecriture_id = e.id WHERE e.cle LIKE 'don:%' GROUP BY 1)
        SELECT coalesce(v.panier_id, b.id) AS id
          FROM avoir_panier v
          FULL JOIN porte b ON b.id = v.panier_id
          LEFT JOIN panier p ON p.id = v.panier_id
         WHERE p.etat IS DISTINCT FROM 'donne' OR p.a_donner
            OR b.ccas IS DISTINCT FROM p.nombre * p.cout OR b.achats IS DISTINCT FROM p.nombre * p.cout
         ORDER BY 1 LIMIT 20
        """
    ),
}

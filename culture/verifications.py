"""The invariants of passes and outings, as queries that share no code with the use cases they check."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from kernel import clock

# The timetable comes round every few seconds; an outage of minutes is another alarm's business.
GRACE = timedelta(minutes=5)

CHECKS: Mapping[str, TextClause] = {
    "Sortie {id} ({titre}) : {tenues} places tenues pour {places}.": text(
        """
        SELECT s.id, s.titre, s.places, count(*) AS tenues
          FROM sortie s JOIN inscription i ON i.sortie_id = s.id AND i.etat IN ('offerte', 'confirmee')
          JOIN place_sortie p ON p.inscription_id = i.id AND p.annulee_le IS NULL
         WHERE NOT EXISTS (SELECT FROM place_sortie r WHERE r.remplace_id = p.id AND r.annulee_le IS NULL)
         GROUP BY s.id HAVING count(*) > s.places ORDER BY 1 LIMIT 20
        """
    ),
    "Sortie {id} ({titre}) : {gardees} places sont réservées aux maisons, pour {places}.": text(
        """
        SELECT s.id, s.titre, s.places, sum(q.places) AS gardees FROM sortie s JOIN sortie_quota q ON q.sortie_id = s.id
         GROUP BY s.id HAVING sum(q.places) > s.places ORDER BY 1 LIMIT 20
        """
    ),
    "L’inscription {id} est ouverte, et personne n’y a de place ; ou close, et quelqu’un en garde une.": text(
        """
        SELECT i.id FROM inscription i
         WHERE (i.etat IN ('en_attente', 'offerte', 'confirmee')) <> EXISTS (
               SELECT FROM place_sortie p WHERE p.inscription_id = i.id AND p.annulee_le IS NULL)
         ORDER BY 1 LIMIT 20
        """
    ),
    "L’inscription {id} est ouverte, et sa sortie est annulée.": text(
        """
        SELECT i.id FROM inscription i JOIN sortie s ON s.id = i.sortie_id
         WHERE i.etat IN ('en_attente', 'offerte', 'confirmee') AND s.etat = 'annulee' ORDER BY 1 LIMIT 20
        """
    ),
    "L’inscription {id} a une place pour quelqu’un d’un autre foyer.": text(
        """
        SELECT DISTINCT i.id FROM inscription i JOIN place_sortie p ON p.inscription_id = i.id
          JOIN membre m ON m.id = p.membre_id
         WHERE m.foyer_id IS DISTINCT FROM i.foyer_id ORDER BY 1 LIMIT 20
        """
    ),
    "L’inscription {id} doit {prix} centimes, et le compte du foyer en dit {debit}.": text(
        """
        WITH du AS (
            SELECT i.id, i.foyer_id, coalesce(sum(p.prix) FILTER (WHERE p.annulee_le IS NULL), 0)
                         * CASE WHEN i.etat = 'confirmee' THEN 1 ELSE 0 END AS prix
              FROM inscription i LEFT JOIN place_sortie p ON p.inscription_id = i.id
             WHERE i.foyer_id IS NOT NULL GROUP BY i.id),
        ecrites AS (
            SELECT split_part(coalesce(o.cle, e.cle), ':', 2)::bigint AS id, m.foyer_id, sum(m.montant) AS debit
              FROM ecriture e LEFT JOIN ecriture o ON o.id = e.contrepasse_id
              JOIN mouvement m ON m.ecriture_id = e.id AND m.compte = 'foyer'
             WHERE coalesce(o.cle, e.cle) LIKE 'sortie:%' GROUP BY 1, 2)
        SELECT coalesce(d.id, e.id) AS id, coalesce(d.prix, 0) AS prix, coalesce(e.debit, 0) AS debit
          FROM du d FULL JOIN ecrites e ON e.id = d.id AND e.foyer_id = d.foyer_id
         WHERE coalesce(d.prix, 0) <> coalesce(e.debit, 0) ORDER BY 1 LIMIT 20
        """
    ),
    "La carte {id} a coûté {prix} centimes, et le compte du foyer en dit {debit}.": text(
        """
        WITH ecrites AS (
            SELECT split_part(coalesce(o.cle, e.cle), ':', 2)::bigint AS id, m.foyer_id, sum(m.montant) AS debit
              FROM ecriture e LEFT JOIN ecriture o ON o.id = e.contrepasse_id
              JOIN mouvement m ON m.ecriture_id = e.id AND m.compte = 'foyer'
             WHERE coalesce(o.cle, e.cle) LIKE 'pass:%' GROUP BY 1, 2)
        SELECT coalesce(p.id, e.id) AS id, CASE WHEN p.annule_le IS NULL THEN coalesce(p.prix, 0) ELSE 0 END AS prix,
               coalesce(e.debit, 0) AS debit
          FROM pass_culture p FULL JOIN ecrites e ON e.id = p.id AND e.foyer_id = p.foyer_id
         WHERE CASE WHEN p.annule_le IS NULL THEN coalesce(p.prix, 0) ELSE 0 END <> coalesce(e.debit, 0)
         ORDER BY 1 LIMIT 20
        """
    ),
    "L’inscription {id} n’est pas dans l’état où sa dernière étape l’a mise.": text(
        """
        SELECT i.id FROM inscription i WHERE i.etat IS DISTINCT FROM (
               SELECT vers FROM inscription_etape e WHERE e.inscription_id = i.id ORDER BY e.id DESC LIMIT 1)
         ORDER BY 1 LIMIT 20
        """
    ),
    "La sortie {id} n’est pas dans l’état où sa dernière étape l’a mise.": text(
        """
        SELECT s.id FROM sortie s WHERE s.etat IS DISTINCT FROM coalesce((
               SELECT vers FROM sortie_etape e WHERE e.sortie_id = s.id ORDER BY e.id DESC LIMIT 1), 'brouillon')
         ORDER BY 1 LIMIT 20
        """
    ),
    "Place {id} : la liste de la soirée ne dit pas ce que sa dernière note dit.": text(
        """
        SELECT p.id FROM place_sortie p
         WHERE p.presence IS DISTINCT FROM (
               SELECT n.presence FROM pointage n WHERE n.place_id = p.id ORDER BY n.id DESC LIMIT 1)
         ORDER BY 1 LIMIT 20
        """
    ),
    "Place {id} : quelqu’un a pris cette place, et la personne est notée présente.": text(
        """
        SELECT p.id FROM place_sortie p JOIN place_sortie r ON r.remplace_id = p.id AND r.annulee_le IS NULL
         WHERE p.presence IS NULL OR p.presence IN ('presente', 'retard') ORDER BY 1 LIMIT 20
        """
    ),
    # The cost is the seat's own, frozen when it was booked: the outing may have been rewritten since. A seat of before
    # that was so was reckoned at the outing's; whoever came instead of somebody costs nothing more.
    "L’inscription {id} a des places pour {cout} centimes, et la billetterie en compte {ecrit}.": text(
        """
        WITH reservees AS (
            SELECT i.id, sum(coalesce(p.cout, s.cout_place)) AS cout FROM inscription i
              JOIN sortie s ON s.id = i.sortie_id
              JOIN place_sortie p ON p.inscription_id = i.id AND p.annulee_le IS NULL AND p.remplace_id IS NULL
             WHERE i.etat = 'confirmee' GROUP BY 1),
        ecrites AS (
            SELECT split_part(coalesce(o.cle, e.cle), ':', 2)::bigint AS id, -sum(m.montant) AS ecrit
              FROM ecriture e LEFT JOIN ecriture o ON o.id = e.contrepasse_id
              JOIN mouvement m ON m.ecriture_id = e.id AND m.compte = 'billetterie'
             WHERE coalesce(o.cle, e.cle) LIKE 'sortie:%' GROUP BY 1)
        SELECT coalesce(r.id, e.id) AS id, coalesce(r.cout, 0) AS cout, coalesce(e.ecrit, 0) AS ecrit
          FROM reservees r FULL JOIN ecrites e ON e.id = r.id
         WHERE coalesce(r.cout, 0) <> coalesce(e.ecrit, 0) ORDER BY 1 LIMIT 20
        """
    ),
    "Sortie {id} : son lieu a facturé {factures} centimes, et le grand livre en dit {dus}.": text(
        """
        WITH factures AS (
            SELECT sortie_id, sum(montant) AS total FROM facture_lieu WHERE reprise_le IS NULL GROUP BY 1),
        ecrites AS (
            SELECT split_part(coalesce(o.cle, e.cle), ':', 2)::bigint AS sortie_id,
                   -coalesce(sum(m.montant) FILTER (WHERE m.compte = 'lieux'), 0) AS dus
              FROM ecriture e LEFT JOIN ecriture o ON o.id = e.contrepasse_id
              JOIN mouvement m ON m.ecriture_id = e.id
             WHERE coalesce(o.cle, e.cle) LIKE 'lieux:%' GROUP BY 1)
        SELECT coalesce(f.sortie_id, e.sortie_id) AS id, coalesce(f.total, 0) AS factures, coalesce(e.dus, 0) AS dus
          FROM factures f FULL JOIN ecrites e ON e.sortie_id = f.sortie_id
         WHERE coalesce(f.total, 0) <> coalesce(e.dus, 0) ORDER BY 1 LIMIT 20
        """
    ),
    "Sortie {id} : son lieu a facturé, et la billetterie compte encore {reste} centimes pour elle.": text(
        """
        WITH siennes AS (
            SELECT i.sortie_id, e.id AS ecriture_id FROM ecriture e LEFT JOIN ecriture o ON o.id = e.contrepasse_id
              JOIN inscription i ON i.id = split_part(coalesce(o.cle, e.cle), ':', 2)::bigint
             WHERE coalesce(o.cle, e.cle) LIKE 'sortie:%'
            UNION ALL
            SELECT split_part(coalesce(o.cle, e.cle), ':', 2)::bigint, e.id FROM ecriture e
              LEFT JOIN ecriture o ON o.id = e.contrepasse_id
             WHERE coalesce(o.cle, e.cle) LIKE 'lieux:%')
        SELECT w.sortie_id AS id, -sum(m.montant) AS reste FROM siennes w
          JOIN mouvement m ON m.ecriture_id = w.ecriture_id AND m.compte = 'billetterie'
         WHERE EXISTS (SELECT FROM facture_lieu f WHERE f.sortie_id = w.sortie_id AND f.reprise_le IS NULL)
         GROUP BY 1 HAVING sum(m.montant) <> 0 ORDER BY 1 LIMIT 20
        """
    ),
    "Sortie {id} : une facture compte, et la sortie n’est ni passée ni annulée.": text(
        """
        SELECT DISTINCT s.id FROM sortie s JOIN facture_lieu f ON f.sortie_id = s.id AND f.reprise_le IS NULL
         WHERE s.etat NOT IN ('tenue', 'annulee') ORDER BY 1 LIMIT 20
        """
    ),
    "Tarif {nom} : ses prix du {effet_le} n’ont pas une ligne chacun, ou baissent quand les moyens montent.": text(
        """
        SELECT g.nom, v.effet_le FROM grille_sortie g JOIN grille_sortie_prix v ON v.grille_id = g.id
         WHERE v.retire_le IS NULL AND (cardinality(v.prix) <> CASE g.forme WHEN 'unique' THEN 1 WHEN 'statut' THEN 2
               ELSE cardinality(v.seuils) + 1 END OR (g.forme <> 'quotient' AND cardinality(v.seuils) > 0)
               OR v.prix <> ARRAY(SELECT unnest(v.prix) ORDER BY 1)
               OR v.seuils <> ARRAY(SELECT DISTINCT unnest(v.seuils) ORDER BY 1))
         ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Tarif {nom} : ses prix du {effet_le} ont été écrits ou retirés ce jour-là ou après.": text(
        """
        SELECT g.nom, v.effet_le FROM grille_sortie g JOIN grille_sortie_prix v ON v.grille_id = g.id
         WHERE v.effet_le <= (greatest(v.saisi_le, v.retire_le) AT TIME ZONE 'Europe/Paris')::date
         ORDER BY 1, 2 LIMIT 20
        """
    ),
    "L’avis {id} est d’un foyer qui en a déjà donné un pour cette sortie, ou qui n’y avait pas de place.": text(
        """
        SELECT a.inscription_id AS id FROM avis_sortie a JOIN inscription i ON i.id = a.inscription_id
          JOIN sortie s ON s.id = i.sortie_id
         WHERE i.etat <> 'confirmee' OR i.foyer_id IS NULL OR s.etat <> 'tenue' OR EXISTS (
               SELECT FROM avis_sortie b JOIN inscription j ON j.id = b.inscription_id
                WHERE j.sortie_id = i.sortie_id AND j.foyer_id = i.foyer_id AND j.id < i.id)
         ORDER BY 1 LIMIT 20
        """
    ),
    "La sortie {id} en est à sa version {version}, et ses changements gardés n’y mènent pas.": text(
        """
        SELECT s.id, s.version FROM sortie s JOIN sortie_version v ON v.sortie_id = s.id
         GROUP BY s.id HAVING max(v.version) <> s.version - 1 OR count(*) <> s.version - min(v.version)
         ORDER BY 1 LIMIT 20
        """
    ),
    "Sortie {id} ({titre}) : {remis} billets remis, {recus} reçus du lieu.": text(
        """
        SELECT s.id, s.titre, p.remis, coalesce(b.recus, 0) AS recus FROM sortie s
          JOIN (SELECT sortie_id, count(*) AS remis FROM place_sortie WHERE billet_le IS NOT NULL GROUP BY 1) p
            ON p.sortie_id = s.id
          LEFT JOIN (SELECT sortie_id, sum(nombre) AS recus FROM billets_recus GROUP BY 1) b ON b.sortie_id = s.id
         WHERE p.remis > coalesce(b.recus, 0) ORDER BY 1 LIMIT 20
        """
    ),
    "Contremarque {id} : sa version {version} ne suit pas la précédente.": text(
        """
        SELECT c.id, c.version FROM contremarque c WHERE c.version > 1 AND NOT EXISTS (
               SELECT FROM contremarque a WHERE a.sortie_id = c.sortie_id AND a.version = c.version - 1)
         ORDER BY 1 LIMIT 20
        """
    ),
    "Sortie {id} ({titre}) : inscriptions closes depuis longtemps, et pas de contremarque.": text(
        """
        SELECT s.id, s.titre FROM sortie s
         WHERE s.etat = 'close' AND s.debut_le > :instant AND s.cloture_le <= :grace
           AND NOT EXISTS (SELECT FROM contremarque c WHERE c.sortie_id = s.id) ORDER BY 1 LIMIT 20
        """
    ),
    "L’inscription {id} garde des places que son délai a rendues depuis longtemps.": text(
        """
        SELECT i.id FROM inscription i JOIN sortie s ON s.id = i.sortie_id
         WHERE i.etat = 'offerte' AND i.expire_le <= :grace AND s.etat IN ('publiee', 'close')
           AND s.rendez_vous_le > :instant
         ORDER BY 1 LIMIT 20
        """
    ),
    # As it all stood a grace ago: what has just come free, or just been asked, is the timetable's next turn.
    "Sortie {sortie} : {libres} places sont libres, et l’inscription {id} en attend {nombre}.": text(
        """
        WITH tenues AS (
            SELECT i.sortie_id, i.maison_id, count(*) AS n FROM inscription i
              JOIN place_sortie p ON p.inscription_id = i.id AND p.annulee_le IS NULL
             WHERE i.etat = 'confirmee' OR (i.etat = 'offerte' AND i.expire_le > :grace)
             GROUP BY 1, 2),
        quotas AS (
            SELECT q.sortie_id, q.maison_id, q.places AS n FROM sortie_quota q JOIN sortie s ON s.id = q.sortie_id
             WHERE s.quotas_jusqu_a > :grace),
        par_maison AS (
            SELECT sortie_id, maison_id, coalesce(t.n, 0) AS tenues, coalesce(q.n, 0) AS gardees
              FROM tenues t FULL JOIN quotas q USING (sortie_id, maison_id)),
        sommes AS (
            SELECT s.id, s.titre, s.places, coalesce(sum(m.tenues), 0) AS tenues,
                   coalesce(sum(m.gardees), 0) + coalesce(sum(greatest(m.tenues - m.gardees, 0)), 0) AS prises
              FROM sortie s LEFT JOIN par_maison m ON m.sortie_id = s.id
             WHERE s.etat IN ('publiee', 'close') AND s.rendez_vous_le > :assez_tot GROUP BY s.id),
        demandes AS (
            SELECT i.id, i.sortie_id, i.maison_id, count(*) AS nombre FROM inscription i
              JOIN place_sortie p ON p.inscription_id = i.id AND p.annulee_le IS NULL
             WHERE i.etat = 'en_attente' AND i.depuis <= :grace GROUP BY 1, 2, 3),
        libres AS (
            SELECT d.id, d.nombre, s.titre AS sortie, least(s.places - s.tenues, s.places - s.prises
                   + greatest(coalesce(m.gardees, 0) - coalesce(m.tenues, 0), 0)) AS libres
              FROM demandes d JOIN sommes s ON s.id = d.sortie_id
              LEFT JOIN par_maison m ON m.sortie_id = d.sortie_id AND m.maison_id = d.maison_id)
        SELECT sortie, libres, id, nombre FROM libres WHERE nombre <= libres ORDER BY id LIMIT 20
        """
    ),
}


def verifier(session: Session) -> list[str]:
    """What does not hold, a French sentence each; at most twenty of a kind."""
    given = instants(clock.now())
    return [
        sentence.format(**row._mapping)
        for sentence, query in CHECKS.items()
        for row in session.execute(query, {name: given[name] for name in query.compile().params})
    ]


def instants(now: datetime) -> dict[str, object]:
    """What the queries above are asked with. Within three hours of the meeting nothing is offered any more."""
    return {"instant": now, "grace": now - GRACE, "assez_tot": now + timedelta(hours=3)}

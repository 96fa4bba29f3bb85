"""The invariants of places and of the waiting list, as queries that share no code with the use cases they check.

A maison that is made smaller evicts nobody, so "too many" alone proves nothing. `maison_places` tells when it was last
made smaller, on the database's clock, as are the instants at which places were taken: since then nobody may have come
beyond its places, and what it holds can never be more than it once had.
"""

# ruff: noqa: S608  (the queries are put together from this file's own words)

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from kernel import clock
from paniers.semaines import DELAI_DE_CLOTURE

# The timetable comes round every few seconds; an outage of minutes is another alarm's business.
GRACE = timedelta(minutes=5)

# Each open week that can still change, and what a maison holds for it: standing, offered, visitors.
_TENUES = """
    WITH ouvertes AS (
        SELECT id, code, retrait_le FROM semaine WHERE etat = 'ouverte' AND cloture_le > :instant),
    tenues AS (
        SELECT m.id AS maison_id, s.code, m.places,
               (SELECT coalesce(sum(v.nombre), 0) FROM abonnement_version v
                 WHERE v.maison_id = m.id AND v.jusqu_a IS NULL AND s.retrait_le BETWEEN v.debut AND v.fin)
             + (SELECT coalesce(sum(a.nombre), 0) FROM attente a
                 WHERE a.maison_id = m.id AND a.etat = 'offerte') AS tenues,
               (SELECT coalesce(sum(v.nombre), 0) FROM choix c JOIN abonnement_version v USING (abonnement_id)
                 WHERE c.maison_id = m.id AND c.semaine_id = s.id AND v.maison_id <> m.id AND v.jusqu_a IS NULL
                   AND s.retrait_le BETWEEN v.debut AND v.fin) AS visites
          FROM maison m CROSS JOIN ouvertes s),
    baisse AS (
        SELECT maison_id, max(depuis) FILTER (WHERE places < avant) AS le, max(places) AS jamais
          FROM (SELECT maison_id, places, depuis, lag(places) OVER (PARTITION BY maison_id ORDER BY id) AS avant
                  FROM maison_places) p GROUP BY 1),
    arrivees AS (
        SELECT v.maison_id, max(coalesce(a.tenue_le, v.ecrite_le)) AS le
          FROM (SELECT *, lag(maison_id) OVER par_suite AS d_ou, lag(nombre) OVER par_suite AS combien
                  FROM abonnement_version WINDOW par_suite AS (PARTITION BY abonnement_id ORDER BY id)) v
          LEFT JOIN attente a ON a.id = v.attente_id
         WHERE v.maison_id IS DISTINCT FROM v.d_ou OR v.nombre > v.combien GROUP BY 1
         UNION ALL
        SELECT maison_id, max(tenue_le) FROM attente WHERE etat = 'offerte' GROUP BY 1)
"""

CHECKS: Mapping[str, TextClause] = {
    "Maison {maison}, semaine {code} : {tenues} paniers abonnés ou offerts pour {places} places.": text(
        _TENUES
        + """
        SELECT m.nom AS maison, t.code, t.tenues, t.places
          FROM tenues t JOIN maison m ON m.id = t.maison_id LEFT JOIN baisse b ON b.maison_id = m.id
         WHERE t.tenues > t.places
           AND (b.le IS NULL OR t.tenues > b.jamais
                OR EXISTS (SELECT 1 FROM arrivees a WHERE a.maison_id = m.id AND a.le > b.le))
         ORDER BY 1, 2 LIMIT 20
        """
    ),
    "Maison {maison}, semaine {code} : {visites} paniers de passage n’y ont pas de place.": text(
        _TENUES
        + """
        SELECT m.nom AS maison, t.code, t.visites
          FROM tenues t JOIN maison m ON m.id = t.maison_id LEFT JOIN baisse b ON b.maison_id = m.id
         WHERE t.visites > 0 AND t.tenues + t.visites > greatest(t.places, b.jamais)
         ORDER BY 1, 2 LIMIT 20
        """
    ),
    # As it all stood a grace ago: what has just come free, or just been asked, is the timetable's next turn.
    "Maison {maison} : {libres} places sont libres, et le foyer {foyer_id} en attend {nombre}.": text(
        """
        WITH jour AS (SELECT min(retrait_le) AS le FROM semaine
                       WHERE etat = 'ouverte' AND cloture_le > :grace - make_interval(secs => :delai)),
        places AS (
            SELECT m.id, m.nom, least(m.places, (SELECT p.places FROM maison_places p
                                                  WHERE p.maison_id = m.id AND p.depuis < clock_timestamp() - :duree
                                                  ORDER BY p.id DESC LIMIT 1)) AS places
              FROM maison m WHERE m.active),
        libres AS (
            SELECT p.id, p.nom, p.places
                 - (SELECT coalesce(sum(v.nombre), 0) FROM abonnement_version v, jour
                     WHERE v.maison_id = p.id AND v.jusqu_a IS NULL AND v.fin >= jour.le AND v.debut <= v.fin)
                 - (SELECT coalesce(sum(a.nombre), 0) FROM attente a
                     WHERE a.maison_id = p.id AND a.etat = 'offerte' AND a.expire_le > :grace)
                 - (SELECT coalesce(max(n), 0) FROM (
                        SELECT sum(v.nombre) AS n FROM choix c JOIN semaine s ON s.id = c.semaine_id
                          JOIN abonnement_version v USING (abonnement_id), jour
                         WHERE c.maison_id = p.id AND v.maison_id <> p.id AND v.jusqu_a IS NULL
                           AND s.etat = 'ouverte' AND s.retrait_le >= jour.le
                           AND s.retrait_le BETWEEN v.debut AND v.fin
                         GROUP BY s.id) par_semaine) AS libres
              FROM places p, jour WHERE jour.le IS NOT NULL)
        SELECT l.nom AS maison, l.libres, a.foyer_id, a.nombre
          FROM libres l JOIN attente a ON a.maison_id = l.id
         WHERE a.etat = 'en_attente' AND a.depuis <= :grace AND a.nombre <= l.libres
         ORDER BY 1, 3 LIMIT 20
        """
    ),
    "La place offerte {id} n’est plus gardée depuis longtemps, et n’a pas été rendue.": text(
        "SELECT id FROM attente WHERE etat = 'offerte' AND expire_le <= :grace ORDER BY 1 LIMIT 20"
    ),
    "La place offerte {id} a été acceptée, et le foyer {foyer_id} n’a pas eu d’abonnement là.": text(
        """
        SELECT a.id, a.foyer_id FROM attente a
         WHERE a.etat = 'acceptee' AND NOT EXISTS (
               SELECT 1 FROM abonnement_version v JOIN abonnement b ON b.id = v.abonnement_id
                WHERE b.foyer_id = a.foyer_id AND v.maison_id = a.maison_id)
         ORDER BY 1 LIMIT 20
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
    """What the queries above are asked with. A place that ends is held until the cut-off's minute of grace is over."""
    return {
        "instant": now,
        "grace": now - GRACE,
        "duree": GRACE,
        "delai": DELAI_DE_CLOTURE.total_seconds(),
    }

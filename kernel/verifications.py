"""The kernel's invariants: no fact left unexpanded, no delivery forgotten, none parked out of sight."""

from sqlalchemy import text
from sqlalchemy.orm import Session

CHECKS = {
    "Le fait {id} ({name}) n’a pas été distribué depuis plus de deux minutes.": text(
        """
        SELECT id, name FROM outbox_fact
         WHERE expanded_at IS NULL AND at < clock_timestamp() - interval '2 minutes' ORDER BY id LIMIT 20
        """
    ),
    "La tâche {id} ({actor}) attend depuis plus de deux minutes.": text(
        """
        SELECT id, actor FROM outbox_delivery
         WHERE state IN ('due', 'sent', 'taken') AND wake_at < clock_timestamp() - interval '2 minutes'
         ORDER BY id LIMIT 20
        """
    ),
    "Le fait {id} ({name}) a perdu sa tâche {actor}.": text(
        # An earlier and a later fact of that name have theirs, so the circuit knew of it.
        """
        WITH route AS (SELECT f.name, d.actor, min(f.id) AS first, max(f.id) AS last
                         FROM outbox_delivery d JOIN outbox_fact f ON f.id = d.fact_id GROUP BY 1, 2)
        SELECT f.id, f.name, r.actor
          FROM route r
          JOIN outbox_fact f ON f.name = r.name AND f.id BETWEEN r.first AND r.last AND f.expanded_at IS NOT NULL
         WHERE NOT EXISTS (SELECT 1 FROM outbox_delivery d WHERE d.fact_id = f.id AND d.actor = r.actor)
         ORDER BY 1 LIMIT 20
        """
    ),
    "La tâche {id} ({actor}) est en souffrance : {error}": text(
        "SELECT id, actor, error FROM outbox_delivery WHERE state = 'parked' ORDER BY id LIMIT 20"
    ),
    "La tâche {id} ({actor}) est dite faite, sans heure de fin.": text(
        "SELECT id, actor FROM outbox_delivery WHERE state = 'done' AND done_at IS NULL ORDER BY id LIMIT 20"
    ),
}


def verifier(session: Session) -> list[str]:
    """What does not hold, a French sentence each."""
    return [sentence.format(**row._mapping) for sentence, query in CHECKS.items() for row in session.execute(query)]

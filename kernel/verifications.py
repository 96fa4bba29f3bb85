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

"""The papers of an evening: the list to tick, and a parents' authorisation for each child who needs one.

They hold telephone numbers only when they are asked for that very day; whenever they were made, they are thrown away
once the evening is over.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, literal, select
from sqlalchemy.orm import Session

from culture.events import PapiersDemandes
from culture.models.sorties import Sortie
from culture.queries.soiree import Attendue, accompagnateurs, attendues, soiree
from culture.regles.soiree import APRES_LA_FIN
from kernel import documents, pdf
from kernel.clock import PARIS, now
from kernel.db import reading, transaction
from kernel.outbox import publish

PREFIXE = "papiers-soiree:"


def cle_du_dossier(sortie_id: int) -> str:
    return f"{PREFIXE}{sortie_id}"


def demander(session: Session, sortie_id: int) -> None:
    """Have the papers made, anew each time: the list moves until the last hour."""
    publish(session, PapiersDemandes(sortie_id))


def preparer(sortie_id: int) -> None:
    """Make the PDF with no transaction open, then keep it; harmless to repeat. Nothing once the evening is over."""
    with reading() as session:
        seen = soiree(session, sortie_id)
        if now() > seen.fin_le + APRES_LA_FIN:
            return
        context = _contexte(session, sortie_id, now())
    content = pdf.render("pdf/soiree.html", context)
    with transaction() as session:
        documents.store(session, cle_du_dossier(sortie_id), f"sortie-{sortie_id}.pdf", content)


def jeter(session: Session, instant: datetime) -> int:
    """Throw away the papers of evenings that are over, numbers and names with them; how many."""
    ends = Sortie.debut_le + func.make_interval(0, 0, 0, 0, 0, Sortie.duree_minutes)
    over = select(literal(PREFIXE).concat(Sortie.id)).where(ends <= instant - APRES_LA_FIN)
    gone = delete(documents.Document).where(documents.Document.key.in_(over)).returning(documents.Document.key)
    return len(session.scalars(gone).all())


def _contexte(session: Session, sortie_id: int, instant: datetime) -> dict[str, Any]:
    seen = soiree(session, sortie_id)
    people = [_ligne(one) for one in attendues(session, seen, instant) if one.remplacee_par is None]
    return {
        "titre": seen.titre,
        "maison": seen.maison,
        "lieu": seen.lieu,
        "adresse": seen.adresse,
        "debut_le": seen.debut_le,
        "fin_le": seen.fin_le,
        "rendez_vous_le": seen.rendez_vous_le,
        "rendez_vous_lieu": seen.rendez_vous_lieu,
        "acces": seen.acces,
        "privilege": seen.privilege,
        "accompagnateurs": ", ".join(accompagnateurs(session, sortie_id)),
        "autorisation": seen.autorisation_parentale,
        "numeros": seen.joignable(instant),
        "personnes": people,
        "enfants": [one for one in people if one["papier"]],
        "fait_le": instant,
        "jour": seen.rendez_vous_le.astimezone(PARIS).date(),
    }


def _ligne(one: Attendue) -> dict[str, Any]:
    return {
        "nom": f"{one.prenom} {one.nom}",
        "invite": one.invite,
        "enfant": not one.adulte,
        "age": one.age,
        "besoins": ", ".join(one.besoins),
        "avec": one.avec,
        "telephone": one.telephone,
        "papier": one.autorisation is False,
        "arrivee": one.arrivee,
    }

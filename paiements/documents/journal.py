"""The régie's journal on paper: a period, one till or all, the balance, and sums carried over from page to page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel import clock, documents, pdf
from kernel.db import reading, transaction
from kernel.errors import Introuvable, Refus
from kernel.outbox import publish
from kernel.settings import get_settings
from paiements.events import TirageDemande
from paiements.models.regie import Caisse, TirageJournal
from paiements.queries import journal as queries_journal
from paiements.queries import regie as queries_regie
from paiements.queries.journal import LigneDeJournal
from paiements.regie.acte import tiers

PAR_PAGE = 22
"""So many fill a sheet and never more than it, even where each entry takes five lines of text."""
LIGNES_MAX = 4_000
"""Movements that one PDF holds: some hundred and eighty pages."""
TIRAGES_MONTRES = 5


@dataclass(frozen=True, slots=True)
class TirageVu:
    id: int
    du: date
    au: date
    maison: str | None


def cle(tirage_id: int) -> str:
    """The key of the journal's PDF among the documents."""
    return f"journal:{tirage_id}"


def demander(session: Session, du: date, au: date, maison_id: int | None, *, par: int | None) -> TirageJournal:
    """Have the journal laid out. Raises Introuvable for a maison without a till, Refus when there is too much."""
    if maison_id is not None and session.get(Caisse, maison_id) is None:
        raise Introuvable
    found = queries_journal.journal(session, du, au, LIGNES_MAX + 1, tiers=tiers(maison_id) if maison_id else None)
    if len(found) > LIGNES_MAX:
        raise Refus("Cette période est trop longue pour un PDF. Resserrez les dates, ou prenez le CSV, qui a tout.")
    asked = TirageJournal(du=du, au=au, maison_id=maison_id, demande_le=clock.now(), par=par)
    session.add(asked)
    session.flush()  # its fact needs its id
    publish(session, TirageDemande(asked.id))
    return asked


def tirages(session: Session) -> Sequence[TirageVu]:
    """The latest that were asked for, newest first."""
    asked = select(TirageJournal, Maison.nom).outerjoin(Maison, Maison.id == TirageJournal.maison_id)
    rows = session.execute(asked.order_by(TirageJournal.id.desc()).limit(TIRAGES_MONTRES))
    return [TirageVu(one.id, one.du, one.au, place) for one, place in rows]


def preparer(tirage_id: int) -> None:
    """Make the PDF with no transaction open, then keep it; harmless to repeat."""
    with reading() as session:
        context = contexte(session, session.get_one(TirageJournal, tirage_id))
    content = pdf.render("pdf/journal.html", context)
    with transaction() as session:
        named = f"journal-regie-{context['du']:%Y%m%d}-{context['au']:%Y%m%d}.pdf"
        documents.store(session, cle(tirage_id), named, content)


def contexte(session: Session, asked: TirageJournal) -> dict[str, Any]:
    """All that the journal says, as primitives."""
    place = session.get(Maison, asked.maison_id) if asked.maison_id else None
    of_till = tiers(place.id) if place else None
    lines = queries_journal.journal(session, asked.du, asked.au, tiers=of_till)
    regie = queries_regie.regie(session)
    act = queries_regie.acte_du(queries_regie.actes(session, regie.id), asked.au) if regie else None
    return {
        "ccas": get_settings().nom_ccas,
        "regie": regie.nom if regie else "",
        "acte": act.reference if act else "",
        "du": asked.du,
        "au": asked.au,
        "maison": place.nom if place else None,
        "fait_le": asked.demande_le.astimezone(clock.PARIS).date(),
        "pages": pages(lines),
        "debit": sum(max(one.montant, 0) for one in lines),
        "credit": sum(max(-one.montant, 0) for one in lines),
        "balance": [
            {"compte": one.compte, "avant": one.avant, "debit": one.debit, "credit": one.credit, "solde": one.solde}
            for one in queries_journal.balance(session, asked.du, asked.au, tiers=of_till)
        ],
    }


def pages(lines: Sequence[LigneDeJournal]) -> list[dict[str, Any]]:
    """The lines page by page, each with what was carried over to it and what it carries on, in centimes."""
    made, debit, credit, entry = [], 0, 0, 0
    for start in range(0, len(lines), PAR_PAGE):
        some = lines[start : start + PAR_PAGE]
        before = (debit, credit)
        debit += sum(max(one.montant, 0) for one in some)
        credit += sum(max(-one.montant, 0) for one in some)
        rows = []
        for number, one in enumerate(some):
            rows.append(_rang(one, suite=one.ecriture == entry and number > 0))
            entry = one.ecriture
        made.append({"report": before, "lignes": rows, "a_reporter": (debit, credit)})
    return made


def _rang(line: LigneDeJournal, *, suite: bool) -> dict[str, Any]:
    """`suite`: the line goes on with the entry of the line above it on the page."""
    return {
        "jour": None if suite else line.jour,
        "piece": "" if suite else line.piece,
        "libelle": "" if suite else line.libelle,
        "compte": line.compte,
        "maison": line.maison,
        "debit": max(line.montant, 0),
        "credit": max(-line.montant, 0),
    }

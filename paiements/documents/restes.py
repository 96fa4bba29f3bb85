"""The list of restes à recouvrer as the Treasury receives it: a PDF to sign, and the rows of its CSV."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from kernel import documents, pdf
from kernel.clock import PARIS
from kernel.db import reading, transaction
from kernel.settings import get_settings
from kernel.spreadsheet import Cell
from paiements.models.regie import Regie
from paiements.models.restes import EtatRestes
from paiements.queries import restes as queries_restes
from paiements.queries.restes import EtatVu, ResteVu
from paiements.regie.acte import acte_en_vigueur

COLONNES = (
    "etat", "date", "ligne", "foyer", "nom", "prenom", "maison", "courriel", "telephone", "objet", "depuis", "jusqu_au",
    "montant", "repris_le",
)  # fmt: skip
OBJET = "Paniers solidaires et sorties"


def cle(etat_id: int) -> str:
    """The key of the list's PDF among the documents."""
    return f"restes:{etat_id}"


def lignes(made: EtatVu, debts: Sequence[ResteVu]) -> list[list[Cell]]:
    """One row a debt, as docs/exports.md describes."""
    return [
        [
            made.numero,
            made.jour,
            one.numero,
            one.foyer_id,
            one.nom,
            one.prenom,
            one.maison,
            one.email or "",
            one.telephone or "",
            OBJET,
            one.depuis,
            made.arrete_au,
            Decimal(one.montant).scaleb(-2),
            one.repris_le.astimezone(PARIS).date() if one.repris_le else None,
        ]
        for one in debts
    ]


def preparer(etat_id: int) -> None:
    """Make the PDF with no transaction open, then keep it; harmless to repeat."""
    with reading() as session:
        context = _contexte(session, etat_id)
    content = pdf.render("pdf/restes.html", context)
    with transaction() as session:
        documents.store(session, cle(etat_id), f"restes-{context['numero']}.pdf", content)


def _contexte(session: Session, etat_id: int) -> dict[str, Any]:
    made, row = queries_restes.etat(session, etat_id), session.get_one(EtatRestes, etat_id)
    regie = session.get_one(Regie, row.regie_id)
    act = acte_en_vigueur(session, regie.id, made.jour)
    debts = queries_restes.restes(session, etat_id)
    return {
        "regie": regie.nom,
        "acte": act.reference,
        "regisseur": act.regisseur,
        "ccas": get_settings().nom_ccas,
        "numero": made.numero,
        "jour": made.jour,
        "arrete_au": made.arrete_au,
        "total": sum(one.montant for one in debts),
        "lignes": [
            {
                "numero": one.numero,
                "foyer": one.foyer_id,
                "nom": one.nom,
                "prenom": one.prenom,
                "maison": one.maison,
                "depuis": one.depuis,
                "montant": one.montant,
            }
            for one in debts
        ],
    }

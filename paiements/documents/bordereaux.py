"""The slip of a deposit as PDF, which goes to the Treasury with the cash, the cheques and the CAP."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel import documents, pdf
from kernel.db import reading, transaction
from kernel.settings import get_settings
from paiements.models.regie import Quittance, Regie, Versement, VersementPiece
from paiements.queries.caisse import numero_de, quittances, vue
from paiements.regie.acte import acte_en_vigueur


def cle(versement_id: int) -> str:
    """The key of the slip among the documents."""
    return f"versement:{versement_id}"


def preparer(versement_id: int) -> None:
    """Make the PDF with no transaction open, then keep it; harmless to repeat."""
    with reading() as session:
        context = _contexte(session, session.get_one(Versement, versement_id))
    content = pdf.render("pdf/bordereau.html", context)
    with transaction() as session:
        documents.store(session, cle(versement_id), f"versement-{context['numero']}.pdf", content)


def _contexte(session: Session, deposit: Versement) -> dict[str, Any]:
    regie = session.get_one(Regie, deposit.regie_id)
    acte = acte_en_vigueur(session, regie.id, deposit.jour)
    named = select(VersementPiece.quittance_id).where(VersementPiece.versement_id == deposit.id)
    pieces = [vue(row) for row in session.execute(quittances().where(Quittance.id.in_(named)))]
    return {
        "regie": regie.nom,
        "acte": acte.reference,
        "regisseur": acte.regisseur,
        "ccas": get_settings().nom_ccas,
        "numero": numero_de(f"V-{regie.code}", deposit.annee, deposit.numero),
        "jour": deposit.jour,
        "maison": session.get_one(Maison, deposit.maison_id).nom,
        "especes": deposit.especes,
        "cheques": deposit.cheques,
        "cap": deposit.cap,
        "pieces": [
            {"moyen": str(one.moyen), "reference": one.reference, "quittance": one.numero, "montant": one.montant}
            for one in sorted(pieces, key=lambda one: (one.moyen, one.id))
        ],
    }

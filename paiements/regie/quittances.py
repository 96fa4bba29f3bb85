"""A receipt on paper and by mail: its PDF is made by a worker, a household that reads e-mail receives it."""

from typing import Any

from sqlalchemy.orm import Session

from foyers.messages import dire
from foyers.models import Maison
from foyers.queries import foyer
from kernel import documents, pdf
from kernel.db import reading, transaction
from kernel.outbox import publish
from kernel.settings import get_settings
from paiements import grand_livre
from paiements.events import QuittancePrete
from paiements.models.regie import Quittance, Regie
from paiements.queries.caisse import numero_de
from paiements.regie.acte import acte_en_vigueur


def cle(quittance_id: int) -> str:
    """The key of the receipt's PDF among the documents."""
    return f"quittance:{quittance_id}"


def preparer(quittance_id: int) -> None:
    """Make the PDF with no transaction open, then keep it; harmless to repeat."""
    with reading() as session:
        context = contexte(session, session.get_one(Quittance, quittance_id))
    content = pdf.render("pdf/quittance.html", context)
    with transaction() as session:
        documents.store(session, cle(quittance_id), f"quittance-{context['numero']}.pdf", content)
        publish(session, QuittancePrete(quittance_id))


def envoyer(session: Session, quittance_id: int) -> None:
    """By e-mail, the PDF with it; on paper the counter has printed it already."""
    receipt = session.get_one(Quittance, quittance_id)
    context = contexte(session, receipt) | {
        "solde": grand_livre.solde(session, receipt.foyer_id),
        "lien": f"{get_settings().public_url}/paiements/mon-compte",
    }
    dire(
        session,
        receipt.foyer_id,
        cle=cle(quittance_id),
        modele="paiements/quittance",
        contexte=context,
        lettre=False,
        pieces=[cle(quittance_id)],
    )


def contexte(session: Session, receipt: Quittance) -> dict[str, Any]:
    """All that a receipt says, as primitives."""
    regie = session.get_one(Regie, receipt.regie_id)
    place = session.get_one(Maison, receipt.maison_id)
    household = foyer(session, receipt.foyer_id)
    undone = session.get(Quittance, receipt.annule_id) if receipt.annule_id else None
    return {
        "regie": regie.nom,
        "acte": acte_en_vigueur(session, receipt.regie_id, receipt.jour).reference,
        "ccas": get_settings().nom_ccas,
        "numero": numero_de(regie.code, receipt.annee, receipt.numero),
        "annule": numero_de(regie.code, undone.annee, undone.numero) if undone else None,
        "motif": receipt.motif,
        "jour": receipt.jour,
        "maison": place.nom,
        "adresse": f"{place.adresse}, {place.code_postal} {place.ville}",
        "qui": f"{household.referent.prenom} {household.referent.nom}",
        "moyen": receipt.moyen,
        "reference": receipt.reference,
        "montant": abs(receipt.montant),
        "donne": abs(receipt.donne),
        "rendu": receipt.rendu,
    }

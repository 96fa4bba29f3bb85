"""The papers of a maison as PDF: one page for each letter, or the list of calls. Entry point, called by a worker."""

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from foyers.models import Maison
from foyers.models_messages import Liasse, NatureLiasse
from foyers.queries_courrier import appels, cle_de_liasse, lettres_de
from kernel import documents, pdf
from kernel.clock import PARIS
from kernel.db import reading, transaction


def preparer(liasse_id: int) -> None:
    """Make the PDF with no transaction open, then keep it; harmless to repeat."""
    with reading() as session:
        bundle = session.get_one(Liasse, liasse_id)
        context = _contexte(session, bundle)
    content = pdf.render(f"pdf/{bundle.nature}.html", context)
    with transaction() as session:
        documents.store(session, cle_de_liasse(liasse_id), f"{bundle.nature}-{liasse_id}.pdf", content)


def _contexte(session: Session, bundle: Liasse) -> dict[str, Any]:
    place = session.get_one(Maison, bundle.maison_id)
    context: dict[str, Any] = {
        "maison": place.nom,
        "adresse_maison": f"{place.adresse}, {place.code_postal} {place.ville}",
        "telephone": place.telephone,
        "jour": bundle.demandee_le.astimezone(PARIS).date(),
    }
    if bundle.nature == NatureLiasse.LETTRES:
        letters = lettres_de(session, bundle.id)
        context["lettres"] = [
            {
                "qui": one.qui,
                "objet": one.objet,
                "paragraphes": [part.strip() for part in one.texte.split("\n\n") if part.strip()],
                "le": one.ecrite_le,
            }
            for one in letters
        ]
    else:
        context["appels"] = [asdict(one) for one in appels(session, {place.id}, bundle.demandee_le)]
    return context

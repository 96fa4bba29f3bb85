"""The pages of the coordination that stand side by side."""

from flask import request, url_for

from kernel.web.words import _

ONGLETS = (
    ("coordination.semaine", "La semaine"),
    ("coordination.abonnements", "Abonnements"),
    ("coordination.attente", "Liste d’attente"),
    ("importations.liste", "Importer"),
    ("coordination.calendrier", "Calendrier"),
    ("coordination.grilles", "Grille des prix"),
    ("coordination.contrats", "Contrats"),
)


def onglets() -> list[dict[str, object]]:
    """What the macro `onglets` draws, the present page marked."""
    return [
        {"texte": _(text), "url": url_for(endpoint), "actif": request.endpoint == endpoint}
        for endpoint, text in ONGLETS
    ]

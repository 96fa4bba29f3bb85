"""The report as CSV: remarks to correct in the spreadsheet, likely duplicates to decide. No cell of them runs."""

from kernel.spreadsheet import csv_file
from kernel.web.words import _
from paniers.importation.paroles import MOTIFS
from paniers.importation.rapport import Rapport


def remarques_csv(told: Rapport) -> bytes:
    """Each remark with its line; what was read is made harmless."""
    head = (_("Ligne"), _("Colonne"), _("Lu"), _("Gravité"), _("Que faire"))
    grave, light = _("à corriger"), _("pour information")
    rows = [(f.ligne, f.colonne, f.lu, grave if f.grave else light, f.phrase) for f in told.fautes]
    return csv_file(head, rows)


def propositions_csv(told: Rapport) -> bytes:
    """Each likely duplicate with an empty column for the decision, to be given back by ``--decisions``."""
    head = ("ligne", "foyer de la ligne", "ressemble à", "foyer connu", "pourquoi", "décision")
    rows = [
        (p.ligne, p.fiche.nom, c.cible.replace(":", " "), f"{c.nom}, {c.maison}", MOTIFS[c.motif], p.decision or "")
        for p in told.propositions
        for c in p.candidats
    ]
    return csv_file(head, rows)

"""A report in words, for the page and the terminal alike: both say exactly the same."""

from kernel.web.words import _
from paniers.importation.rapport import Rapport

MOTIFS = {
    "telephone": "même téléphone",
    "email": "même e-mail",
    "nom": "même nom et même prénom",
    "presque": "nom presque pareil, même maison",
}


def bilan(told: Rapport) -> list[tuple[str, int]]:
    """The figures with their names, those of the trial and of the import."""
    figures = told.bilan
    return [
        (_("lignes lues"), figures.lignes),
        (_("foyers nouveaux"), figures.nouveaux),
        (_("foyers déjà connus, complétés"), figures.reconnus),
        (_("lignes qui répètent un foyer"), figures.repetees),
        (_("abonnements"), figures.abonnements),
        (_("inscrits sur la liste d’attente"), figures.attente),
        (_("quotients familiaux"), figures.quotients),
    ]


def verdict(told: Rapport, *, essai: bool) -> str:
    """What comes of it, in one sentence."""
    if told.colonnes.manquantes:
        return _("Rien n’est importé : il manque des colonnes.")
    if told.graves:
        return _("Rien n’est importé : %(n)s remarques sont à corriger dans le tableur.", n=told.graves)
    if told.a_decider:
        return _("Rien n’est importé : %(n)s doublons probables sont à décider.", n=told.a_decider)
    return _("C’était un essai : rien n’est écrit.") if essai else _("Tout est importé.")

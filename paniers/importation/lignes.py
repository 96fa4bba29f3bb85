"""A line of the spreadsheet read as a subscription: how many baskets, from when, until when."""

from dataclasses import dataclass
from datetime import date

from foyers.folding import plier
from foyers.importation import cellules
from foyers.importation.colonnes import Colonne
from foyers.importation.fautes import Lecteur
from kernel.formats import jour_annee
from kernel.tables import Cell
from kernel.web.words import _
from paniers.abonnements import Terme

COLONNES = (
    Colonne("nombre", "Paniers", "nb paniers | nombre de paniers | paniers | panier | nb panier | nombre | quantite"),
    Colonne(
        "debut",
        "Début",
        "debut | date de debut | date debut | debut abonnement | debut de l abonnement | du",
    ),
    Colonne(
        "fin", "Fin", "fin | date de fin | date fin | fin abonnement | fin de l abonnement | jusqu au | echeance | au"
    ),
    Colonne(
        "reglement",
        "Mode de règlement",
        "mode de reglement | reglement | paiement | mode de paiement | moyen de paiement",
    ),
)
_NOMBRES = {"0": 0, "non": 0, "aucun": 0, "1": 1, "un": 1, "oui": 1, "x": 1, "2": 2, "deux": 2}
_EN_LIGNE = ("carte", "cb", "prelevement", "en ligne", "sepa", "internet")


@dataclass(frozen=True, slots=True)
class LigneAbonnement:
    nombre: int
    terme: Terme


def lire_abonnement(lecteur: Lecteur, aujourdhui: date) -> LigneAbonnement | None:
    """The subscription of the line; None when it has none, or when something is told of it."""
    nombre = lecteur.lire("nombre", _nombre)
    debut = lecteur.lire("debut", cellules.jour)
    fin = lecteur.lire("fin", cellules.jour)
    if not nombre or lecteur.bloquee:
        return None
    if fin is not None and debut is not None and fin < debut:
        lecteur.dire("fin", _("La fin vient avant le début. Vérifiez les deux dates."))
        return None
    if fin is not None and fin < aujourdhui:
        said = _("Cet abonnement est fini depuis le %(jour)s : seul le foyer est repris.", jour=jour_annee(fin))
        lecteur.dire("fin", said, grave=False)
        return None
    if any(word in plier(lecteur.texte("reglement")) for word in _EN_LIGNE):
        said = _(
            "Une carte ne se reprend pas d’un tableur : la famille paie à la maison jusqu’à ce qu’elle donne la sienne."
        )
        lecteur.dire("reglement", said, grave=False)
    return LigneAbonnement(nombre, Terme(debut, fin))


def _nombre(cell: Cell) -> int:
    known = _NOMBRES.get(plier(cellules.texte(cell)).removesuffix(" paniers").removesuffix(" panier"))
    if known is None:
        raise cellules.refus(_("Un abonnement compte un ou deux paniers. Écrivez 1 ou 2, ou laissez la case vide."))
    return known

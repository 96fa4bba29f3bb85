"""A line of the spreadsheet read as a household: who, how to reach them, where, and their quotient familial."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rapidfuzz import fuzz, process

from foyers.folding import plier
from foyers.importation import cellules
from foyers.importation.colonnes import Colonne
from foyers.importation.fautes import Lecteur
from foyers.models import Maison, Source
from foyers.quotient import mois_recevables
from kernel.formats import mois as en_mots
from kernel.tables import Cell
from kernel.web.words import _

COLONNES = (
    Colonne(
        "nom",
        "Nom",
        "nom | nom de famille | nom famille | nom usuel | noms | nom du foyer | famille",
        exigee=True,
    ),
    Colonne("prenom", "Prénom", "prenom | prenoms | prenom referent | prenom du referent", exigee=True),
    Colonne(
        "maison",
        "Maison",
        "maison | mdh | maison des habitants | lieu de retrait | point de retrait | site",
        exigee=True,
    ),
    Colonne(
        "telephone",
        "Téléphone",
        "telephone portable | portable | mobile | tel portable | telephone mobile | gsm | telephone | tel"
        " | numero de telephone | n telephone | tel fixe",
    ),
    Colonne(
        "email",
        "E-mail",
        "e mail | email | mail | courriel | adresse mail | adresse e mail | adresse email | adresse electronique | mel",
    ),
    Colonne("langue", "Langue", "langue | langue parlee | langue maternelle"),
    Colonne(
        "qf", "Quotient familial", "qf | quotient familial | quotient | quotient caf | qf caf | valeur qf | montant qf"
    ),
    Colonne(
        "mois_qf",
        "Mois du QF",
        "mois du qf | mois qf | date qf | date du qf | mois du quotient | mois attestation | date attestation",
    ),
    Colonne("source_qf", "Source du QF", "source du qf | source qf | organisme | caisse | source"),
    Colonne(
        "verifie_le",
        "Vérifié le",
        "verifie le | qf verifie le | date de verification | verification | controle le",
    ),
)
_SOURCES = {"caf": Source.CAF, "cnaf": Source.CAF, "msa": Source.MSA, "estimation": Source.ESTIMATION}
_MOTS_VIDES = frozenset(
    ("maison", "maisons", "des", "de", "la", "le", "les", "l", "d", "du", "habitants", "habitant", "mdh")
)
_PAREILLE = 80.0


@dataclass(frozen=True, slots=True)
class QuotientLu:
    """A quotient of the sheet, whole euros of a month; checked already when it says on which day."""

    valeur: int
    mois: date
    source: Source
    verifie: bool


@dataclass(frozen=True, slots=True)
class LigneFoyer:
    """A household as a line tells it. `numero` is the line's, as the spreadsheet shows it."""

    numero: int
    nom: str
    prenom: str
    maison_id: int
    telephone: str | None = None
    email: str | None = None
    langue: str | None = None
    quotient: QuotientLu | None = None


class Maisons:
    """The town's maisons, found by code or by name, forgivingly."""

    def __init__(self, maisons: Sequence[Maison]) -> None:
        self.ouvertes = {maison.id: maison for maison in maisons if maison.active}
        self._codes = {plier(maison.code): maison for maison in maisons}
        self._noms = {_sans_mots_vides(maison.nom): maison for maison in maisons}

    def lire(self, cell: Cell) -> tuple[Maison, bool]:
        """The maison, and whether it took some reading. Raises Refus."""
        text = cellules.texte(cell)
        folded = _sans_mots_vides(text)
        known = self._codes.get(plier(text)) or self._noms.get(folded)
        if known is not None:
            return self._ouverte(known), False
        words = set(folded.split())
        holding = [maison for name, maison in self._noms.items() if words and words <= set(name.split())]
        if len(holding) == 1:
            return self._ouverte(holding[0]), True
        close = process.extract(folded, list(self._noms), scorer=fuzz.ratio, score_cutoff=_PAREILLE, limit=2)
        if len(close) == 1:
            return self._ouverte(self._noms[close[0][0]]), True
        names = ", ".join(sorted(maison.nom for maison in self.ouvertes.values())[:12])
        raise cellules.refus(
            _("Cette maison n’est pas connue. Écrivez son nom ou son code. Maisons : %(noms)s.", noms=names)
        )

    def _ouverte(self, maison: Maison) -> Maison:
        if not maison.active:
            raise cellules.refus(_("Cette maison n’accueille plus de paniers. Choisissez-en une autre."))
        return maison


def lire_foyer(lecteur: Lecteur, maisons: Maisons, aujourdhui: date) -> LigneFoyer | None:
    """The household of the line, or None when something grave is told of it."""
    nom = lecteur.lire("nom", cellules.nom, manque=_("Le nom manque. Écrivez-le, ou retirez cette ligne."))
    prenom = lecteur.lire("prenom", cellules.nom, manque=_("Le prénom manque. Écrivez celui d’un adulte du foyer."))
    maison = _maison(lecteur, maisons)
    telephone = lecteur.lire("telephone", cellules.telephone)
    email = lecteur.lire("email", cellules.email)
    langue = lecteur.lire("langue", cellules.langue)
    quotient = _quotient(lecteur, aujourdhui)
    if lecteur.bloquee or nom is None or prenom is None or maison is None:
        return None
    if telephone is None and email is None:
        lecteur.dire(
            "telephone", _("Ni téléphone ni e-mail : cette famille recevra ses messages sur papier."), grave=False
        )
    return LigneFoyer(lecteur.ligne.number, nom, prenom, maison.id, telephone, email, langue, quotient)


def _maison(lecteur: Lecteur, maisons: Maisons) -> Maison | None:
    found = lecteur.lire("maison", maisons.lire, manque=_("La maison manque. Écrivez son nom ou son code."))
    if found is None:
        return None
    if found[1]:
        lecteur.dire("maison", _("Lu : %(nom)s. Corrigez la case si ce n’est pas elle.", nom=found[0].nom), grave=False)
    return found[0]


def _quotient(lecteur: Lecteur, aujourdhui: date) -> QuotientLu | None:
    """The quotient, if it can still count. A line without one is fine: the top price applies."""
    if lecteur.vide("qf"):
        return None
    value = lecteur.lire("qf", cellules.quotient)
    month = lecteur.lire(
        "mois_qf", cellules.mois, manque=_("Écrivez le mois de l’attestation, ou retirez le quotient.")
    )
    checked = lecteur.lire("verifie_le", cellules.jour)
    source = lecteur.lire("source_qf", _source)
    if value is None or month is None or lecteur.bloquee:
        return None
    if checked is not None and checked > aujourdhui:
        lecteur.dire("verifie_le", _("Cette date est dans l’avenir. Écrivez le jour où l’attestation a été vue."))
        return None
    if month > aujourdhui:
        lecteur.dire("mois_qf", _("Ce mois est dans l’avenir. Écrivez celui de l’attestation."))
        return None
    if month not in mois_recevables(aujourdhui):
        said = _(
            "Ce quotient de %(mois)s a plus d’un an : il n’est pas repris. Demandez le plus récent.",
            mois=en_mots(month),
        )
        lecteur.dire("mois_qf", said, grave=False)
        return None
    kind = source or (Source.CAF if checked else Source.DECLARATION)
    return QuotientLu(value, month, kind, verifie=checked is not None)


def _source(cell: Cell) -> Source:
    known = _SOURCES.get(plier(cellules.texte(cell)))
    if known is None:
        raise cellules.refus(_("Écrivez CAF, MSA ou estimation, ou laissez la case vide."))
    return known


def _sans_mots_vides(text: str) -> str:
    words = plier(text).split()
    return " ".join(word for word in words if word not in _MOTS_VIDES) or " ".join(words)

"""One cell → one value, read as forgivingly as can be without guessing. What cannot be read raises Refus, saying why.

Spreadsheets eat the nought of telephone numbers, turn months into dates and numbers into texts: all that is put right.
"""

import re
from datetime import date, datetime

from foyers.folding import plier
from foyers.identifiants import lire_email, lire_telephone
from foyers.noms import NOM_MAX, a_des_signes_invisibles, est_un_nom
from foyers.quotient import VALEUR_MAX, premier_du_mois
from kernel.errors import Refus
from kernel.tables import Broken, Cell
from kernel.web.words import _

LU_MAX = 60
_MOIS = ("janv", "fev", "mars", "avr", "mai", "juin", "juil", "aou", "sept", "oct", "nov", "dec")
_LANGUES = {
    "fr": ("francais", "francaise", "fr"),
    "en": ("anglais", "english", "en"),
    "ar": ("arabe", "ar"),
    "tr": ("turc", "turque", "tr"),
    "pt": ("portugais", "pt"),
    "es": ("espagnol", "es"),
    "it": ("italien", "it"),
    "ru": ("russe", "ru"),
    "uk": ("ukrainien", "uk"),
    "ro": ("roumain", "ro"),
    "sq": ("albanais", "sq"),
    "fa": ("persan", "dari", "farsi", "fa"),
    "ps": ("pachto", "pachtou", "ps"),
    "ti": ("tigrigna", "tigrinya", "ti"),
    "vi": ("vietnamien", "vi"),
    "zh": ("chinois", "mandarin", "zh"),
}
_JOUR = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4}|\d{2})", re.ASCII)
_JOUR_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{2}:\d{2}(?::\d{2})?)?", re.ASCII)
_MOIS_CHIFFRES = re.compile(r"(\d{1,2})[/.\- ](\d{4}|\d{2})", re.ASCII)
_MOIS_ISO = re.compile(r"(\d{4})[-/](\d{1,2})", re.ASCII)
_NOMBRE = re.compile(r"\d{1,9}(?:[.,]\d{1,6})?", re.ASCII)


def texte(cell: Cell) -> str:
    """What stands there as text on one line; whole numbers without a decimal part. Raises Refus."""
    match cell:
        case Broken.FORMULA:
            raise refus(
                _("Cette case est une formule sans résultat. Remplacez-la par sa valeur, ou enregistrez de nouveau.")
            )
        case Broken.ERROR:
            raise refus(_("Cette case est en erreur dans le tableur. Écrivez-y la valeur."))
        case Broken.LONG:
            raise refus(_("Cette case contient un très long texte. Gardez-y la seule réponse attendue."))
        case None:
            return ""
        case bool():
            return "oui" if cell else "non"
        case datetime() | date():
            return f"{cell:%d/%m/%Y}"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:g}"
    return " ".join(str(cell).split())


def montre(cell: Cell) -> str:
    """What was read, short enough for a report; what is broken shows as its kind."""
    shown = {Broken.FORMULA: "=…", Broken.ERROR: "#…", Broken.LONG: "…"}
    text = shown[cell] if isinstance(cell, Broken) else texte(cell)
    clean = "".join(sign if sign.isprintable() else "·" for sign in text)
    return clean if len(clean) <= LU_MAX else f"{clean[:LU_MAX]}…"


def nom(cell: Cell) -> str:
    """A first or family name, as it is written."""
    text = texte(cell)
    if len(text) > NOM_MAX:
        raise refus(_("Ce nom est trop long. Écrivez-le en 80 lettres au plus."))
    if a_des_signes_invisibles(text):
        raise refus(_("Ce nom contient des signes invisibles. Écrivez-le de nouveau, au clavier."))
    if not est_un_nom(text):
        raise refus(_("Écrivez ce nom avec des lettres. Traits d’union et apostrophes sont permis."))
    return text


def telephone(cell: Cell) -> str:
    """As ``+33612345678``; the nought that a spreadsheet has eaten is put back."""
    text = texte(cell)
    digits = re.sub(r"[\s.\-]", "", text)
    if re.fullmatch(r"[\d,]+e\+?\d+", digits.lower(), re.ASCII):
        raise refus(_("Le tableur a abîmé ce numéro. Mettez la colonne au format Texte, puis écrivez-le de nouveau."))
    if re.fullmatch(r"[1-9]\d{8}", digits, re.ASCII):
        text = f"0{digits}"
    elif re.fullmatch(r"33[1-9]\d{8}", digits, re.ASCII):
        text = f"+{digits}"
    try:
        return lire_telephone(text)
    except Refus:
        raise refus(_("Écrivez un seul numéro de téléphone, comme 06 12 34 56 78.")) from None


def email(cell: Cell) -> str:
    return lire_email(texte(cell).removeprefix("mailto:"))


def langue(cell: Cell) -> str:
    """The code of a language named in French."""
    folded = plier(texte(cell))
    for code, names in _LANGUES.items():
        if folded in names:
            return code
    raise refus(_("Écrivez la langue en un mot : français, arabe, turc, anglais… ou laissez la case vide."))


def quotient(cell: Cell) -> int:
    """Whole euros, centimes dropped as the CAF does."""
    text = texte(cell).replace("€", "").replace(" ", "").replace("\u202f", "").replace("\u00a0", "")
    if not _NOMBRE.fullmatch(text) or int(re.split(r"[.,]", text)[0]) > VALEUR_MAX:
        raise refus(_("Écrivez le quotient en chiffres, entre 0 et 99 999. Exemple : 640"))
    return int(re.split(r"[.,]", text)[0])


def mois(cell: Cell) -> date:
    """The first day of the month of an attestation."""
    if isinstance(cell, date):
        return premier_du_mois(cell.date() if isinstance(cell, datetime) else cell)
    text = texte(cell)
    known = _mois_ecrit(text)
    if known is None:
        try:
            return premier_du_mois(jour(cell))
        except Refus:
            raise refus(_("Écrivez le mois de l’attestation ainsi : 09/2026, ou septembre 2026.")) from None
    return known


def jour(cell: Cell) -> date:
    """A day, the month second as the French write it."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = texte(cell)
    try:
        return _jour_ecrit(text)
    except ValueError:
        raise refus(
            _("Écrivez la date ainsi : 03/09/2026 (le jour, le mois, l’année). Vérifiez qu’elle existe.")
        ) from None


def refus(sentence: str) -> Refus:
    return Refus(sentence, status=422)


def _jour_ecrit(text: str) -> date:
    """Raises ValueError."""
    if found := _JOUR.fullmatch(text):
        return date(_annee(found[3]), int(found[2]), int(found[1]))
    if found := _JOUR_ISO.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    words = [word for word in plier(text).split() if word not in _JOURS]
    if len(words) != 3 or not _court(words[0].removesuffix("er")):
        raise ValueError(text)
    return date(_annee(words[2]), _rang_du_mois(words[1]), int(words[0].removesuffix("er")))


def _mois_ecrit(text: str) -> date | None:
    try:
        if found := _MOIS_CHIFFRES.fullmatch(text):
            return date(_annee(found[2]), int(found[1]), 1)
        if found := _MOIS_ISO.fullmatch(text):
            return date(int(found[1]), int(found[2]), 1)
        words = plier(text).split()
        if len(words) == 2:
            return date(_annee(words[1]), _rang_du_mois(words[0]), 1)
    except ValueError:
        return None
    return None


_JOURS = frozenset(("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "le"))


def _court(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 2


def _annee(text: str) -> int:
    """Raises ValueError."""
    if not (text.isascii() and text.isdecimal() and len(text) in (2, 4)):
        raise ValueError(text)
    return int(text) if len(text) == 4 else 2000 + int(text)


def _rang_du_mois(word: str) -> int:
    """``septembre``, ``sept``, ``juil`` → 9, 9, 7. Raises ValueError."""
    for rank, start in enumerate(_MOIS, 1):
        if word.startswith(start) and word.isalpha():
            return rank
    raise ValueError(word)

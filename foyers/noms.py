"""What may stand in a name: letters of any writing, blanks, hyphens, apostrophes and dots. Pure."""

import unicodedata

NOM_MAX = 80
_SIGNES = frozenset(" '’-.·")


def a_des_signes_invisibles(text: str) -> bool:
    """Control signs, and the invisible ones that turn writing around: they hide what a name really is."""
    return any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn") for sign in text)


def est_un_nom(text: str) -> bool:
    """One letter at least, and nothing that no name has."""
    letters = [sign for sign in text if unicodedata.category(sign)[0] in "LM"]
    return bool(letters) and all(sign in _SIGNES for sign in set(text).difference(letters))

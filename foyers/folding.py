"""Folding: how a name is written for a search that forgives accents, case, hyphens and apostrophes.

Pure. What is stored in a column `…_plie` and what somebody types are folded alike, then compared.
"""

import unicodedata

# Letters that Unicode does not take apart into a plain letter and an accent.
_APART = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def plier(text: str) -> str:
    """``Zoé  L’Hostis-Ben Œuf`` → ``zoe l hostis ben oeuf``: lower case, no accents, words of letters and digits.

    Folding twice gives what folding once gave.
    """
    lowered = unicodedata.normalize("NFKD", text.casefold()).casefold().translate(_APART)
    bare = (sign for sign in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(sign))
    return " ".join("".join(sign if sign.isalnum() else " " for sign in bare).split())

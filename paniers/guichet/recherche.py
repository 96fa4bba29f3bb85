"""Whom a text typed at the door may mean among those of the day's list. Pure."""

from collections.abc import Sequence

from rapidfuzz import fuzz

from foyers.folding import plier
from paniers.queries.guichet import Attendu

RECHERCHE_LA_PLUS_LONGUE = 80
_RESSEMBLANCE = 74.0


def chercher(liste: Sequence[Attendu], texte: str) -> list[Attendu]:
    """Those of the day's list that `texte` may mean, the likeliest first: a number, or a name as it is heard.

    Any member of the household is found, without accents, with typing errors, words in any order.
    """
    typed = plier(texte[:RECHERCHE_LA_PLUS_LONGUE])
    if not typed:
        return []
    compact = typed.replace(" ", "")
    if compact.isdecimal():
        return [line for line in liste if str(line.numero) == str(int(compact))]
    scored = [(_ressemblance(typed, line.plies), line) for line in liste]
    best = max((score for score, _ in scored), default=0.0)
    kept = [(score, line) for score, line in scored if score >= max(_RESSEMBLANCE, best - 18)]
    return [line for _, line in sorted(kept, key=lambda pair: -pair[0])]


def _ressemblance(typed: str, names: str) -> float:
    """0 to 100: how well the typed words find theirs in one of the household's names."""
    return max((_d_un_nom(typed, name) for name in names.split("|") if name), default=0.0)


def _d_un_nom(typed: str, name: str) -> float:
    words = name.split()
    by_word = [max(_d_un_mot(one, word) for word in words) for one in typed.split()]
    # « Ben Saïd » is also typed « bensaid », and the other way round: one to three words of the name, glued.
    glued = ("".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1))
    compact = typed.replace(" ", "")
    return max(sum(by_word) / len(by_word), *(_d_un_mot(compact, run) for run in glued))


def _d_un_mot(typed: str, word: str) -> float:
    if word.startswith(typed):
        return 100.0 if word == typed else 96.0
    return fuzz.ratio(typed, word) if len(typed) > 2 else 0.0

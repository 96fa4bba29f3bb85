"""Which column of a spreadsheet is which, by its name: accents, case and small typing errors do not matter. Pure.

Each trade says which columns it can read (`Colonne`). What is not recognised is told and left aside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from foyers.folding import plier

PREMIERES_LIGNES = 20
_PAREIL = 86.0


@dataclass(frozen=True, slots=True)
class Colonne:
    """A column that can be read: its name in the report, and how people call it, folded, the best first."""

    cle: str
    libelle: str
    noms: str
    exigee: bool = False

    @property
    def synonymes(self) -> list[str]:
        return self.noms.split(" | ")


@dataclass(frozen=True, slots=True)
class Correspondance:
    """What was found: the row of headers, key → place, and what is left aside or missing, by name."""

    entete: int
    entetes: tuple[str, ...]
    places: Mapping[str, int]
    ignorees: tuple[str, ...]
    manquantes: tuple[str, ...]
    devinees: tuple[tuple[str, str], ...] = ()
    """Headers recognised in spite of a typing error, each with what it was taken for."""

    @property
    def cles(self) -> dict[int, str]:
        """Place → key."""
        return {place: key for key, place in self.places.items()}


def reconnaitre(lignes: Sequence[tuple[int, Sequence[str]]], colonnes: Sequence[Colonne]) -> Correspondance:
    """The headers among the first rows `(number, texts)`: the row in which most columns are recognised."""
    found = [_dans(number, texts, colonnes) for number, texts in lignes[:PREMIERES_LIGNES]]
    return max(found, key=lambda c: (len(c.places), -c.entete), default=_dans(0, (), colonnes))


def corriger(connue: Correspondance, choix: Mapping[int, str], colonnes: Sequence[Colonne]) -> Correspondance:
    """The same headers, matched as a person says: place → key, or "" for a column left aside."""
    known = {column.cle for column in colonnes}
    places: dict[str, int] = {}
    for place, key in sorted(choix.items()):
        if key in known and 0 <= place < len(connue.entetes):
            places.setdefault(key, place)
    return _faite(connue.entete, connue.entetes, places, colonnes, ())


def _dans(number: int, texts: Sequence[str], colonnes: Sequence[Colonne]) -> Correspondance:
    folded = [plier(text)[:80] for text in texts]
    places: dict[str, int] = {}
    for column in colonnes:
        for name in column.synonymes:
            if column.cle not in places and name in folded and folded.index(name) not in places.values():
                places[column.cle] = folded.index(name)
    guessed = _malgre_une_faute(folded, places, colonnes)
    labels = {column.cle: column.libelle for column in colonnes}
    told = tuple((texts[place][:80], labels[key]) for key, place in guessed.items())
    return _faite(number, tuple(text[:80] for text in texts), places | guessed, colonnes, told)


def _malgre_une_faute(folded: Sequence[str], places: Mapping[str, int], colonnes: Sequence[Colonne]) -> dict[str, int]:
    """Columns not found yet whose name resembles a header that is nobody's."""
    free = {text: place for place, text in enumerate(folded) if len(text) >= 4 and place not in places.values()}
    guessed: dict[str, int] = {}
    for column in colonnes:
        if column.cle in places:
            continue
        for name in column.synonymes:
            close = process.extractOne(name, list(free), scorer=fuzz.ratio, score_cutoff=_PAREIL) if free else None
            if close is not None:
                guessed[column.cle] = free.pop(close[0])
                break
    return guessed


def _faite(
    number: int,
    texts: tuple[str, ...],
    places: Mapping[str, int],
    colonnes: Sequence[Colonne],
    devinees: tuple[tuple[str, str], ...],
) -> Correspondance:
    unused = tuple(text for place, text in enumerate(texts) if text and place not in places.values())
    missing = tuple(column.libelle for column in colonnes if column.exigee and column.cle not in places)
    return Correspondance(number, texts, dict(places), unused, missing, devinees)

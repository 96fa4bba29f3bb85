"""What was decided of likely duplicates: a file (``ligne;décision``), or one answer for all."""

import re
from collections.abc import Mapping

from foyers.folding import plier
from foyers.importation import cellules
from foyers.importation.doublons import DISTINCT
from kernel.errors import Refus
from kernel.table_files import read_table
from kernel.web.words import _
from paniers.importation.propositions import FUSIONNER

_CIBLE = re.compile(r"(ligne|foyer) (\d{1,18})", re.ASCII)
_MOTS = {DISTINCT: DISTINCT, "distincts": DISTINCT, "autre": DISTINCT, "meme": FUSIONNER, "fusionner": FUSIONNER}


class Decisions(Mapping[int, str]):
    """Line → decision; lines that were not decided one by one take the answer for all, if there is one."""

    def __init__(self, une_a_une: Mapping[int, str] | None = None, pour_toutes: str | None = None) -> None:
        self._each, self._all = dict(une_a_une or {}), pour_toutes

    def __getitem__(self, line: int) -> str:
        known = self._each.get(line, self._all)
        if known is None:
            raise KeyError(line)
        return known

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._each)

    def __len__(self) -> int:
        return len(self._each)


def lire_decisions(content: bytes, pour_toutes: str | None = None) -> Decisions:
    """The decisions of a table whose columns are called ``ligne`` and ``décision``. Raises Refus.

    A decision is ``distinct``, ``même`` (the first household proposed), or that household: ``foyer 12``, ``ligne 3``.
    """
    table = read_table(content)
    titles = [plier(str(cell or "")) for cell in (table.rows[0].cells if table.rows else ())]
    if "ligne" not in titles or "decision" not in titles:
        raise Refus(_("Le fichier des décisions a deux colonnes : « ligne » et « décision »."), status=422)
    line_at, decision_at = titles.index("ligne"), titles.index("decision")
    decided: dict[int, str] = {}
    for row in table.rows[1:]:
        texts = [cellules.texte(cell) for cell in row.cells] + [""] * len(titles)
        if texts[decision_at]:
            decided[_numero(texts[line_at], row.number)] = _decision(texts[decision_at], row.number)
    return Decisions(decided, pour_toutes)


def _numero(text: str, row: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise Refus(_("Décisions, ligne %(n)s : écrivez le numéro de la ligne en chiffres.", n=row), status=422)
    return int(text)


def _decision(text: str, row: int) -> str:
    folded = plier(text)
    if found := _CIBLE.fullmatch(folded):
        return f"{found[1]}:{int(found[2])}"
    if folded not in _MOTS:
        raise Refus(
            _("Décisions, ligne %(n)s : écrivez « même », « distinct », « ligne 3 » ou « foyer 12 ».", n=row),
            status=422,
        )
    return _MOTS[folded]

"""The forms of a spreadsheet's import: the file, its columns, its likely duplicates."""

from collections.abc import Mapping, Sequence

from flask_wtf.file import FileField, FileRequired
from werkzeug.datastructures import FileStorage

from foyers.formulaires import Formulaire
from kernel.web.words import _l
from paniers.importation.rapport import Proposition


class FichierForm(Formulaire):
    fichier = FileField(
        _l("Tableur des foyers"),
        [FileRequired(_l("Choisissez le fichier .xlsx ou .csv."))],
        render_kw={"accept": ".xlsx,.csv,.txt,.tsv"},
    )

    @property
    def depose(self) -> FileStorage:
        """The file; of a valid form only."""
        file = self.fichier.data
        assert isinstance(file, FileStorage)
        return file


def choix_des_colonnes(typed: Mapping[str, str], combien: int) -> dict[int, str]:
    """Place → key, as the lists say; "" is a column left aside."""
    return {place: typed.get(f"colonne-{place}", "")[:40] for place in range(combien)}


def decisions_lues(typed: Mapping[str, str], propositions: Sequence[Proposition]) -> dict[int, str]:
    """Line → answer for those that were answered; what is no answer to the line counts as none."""
    decided: dict[int, str] = {}
    for proposed in propositions:
        answer = typed.get(f"decision-{proposed.ligne}", "")
        if answer in ("distinct", *(known.cible for known in proposed.candidats)):
            decided[proposed.ligne] = answer
    return decided

"""What a report says of a line: where, what was read, and what to do about it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from foyers.importation import cellules
from kernel.errors import Refus
from kernel.tables import Cell, Row

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Faute:
    """A remark on a line, numbered as in the spreadsheet; a `grave` one stops the whole import."""

    ligne: int
    colonne: str
    lu: str
    phrase: str
    grave: bool = True


@dataclass(slots=True)
class Lecteur:
    """Reads one row by the keys of its columns, and gathers what is wrong with it."""

    ligne: Row
    places: Mapping[str, int]
    libelles: Mapping[str, str]
    fautes: list[Faute] = field(default_factory=list)

    def case(self, cle: str) -> Cell:
        place = self.places.get(cle)
        return self.ligne.cells[place] if place is not None and place < len(self.ligne.cells) else None

    def vide(self, cle: str) -> bool:
        cell = self.case(cle)
        return cell is None or (isinstance(cell, str) and cell.strip() in ("", "-", "?"))

    def texte(self, cle: str) -> str:
        """What stands there, in any shape; for a column that matters little."""
        return cellules.montre(self.case(cle))

    def lire(self, cle: str, read: Callable[[Cell], T], *, manque: str | None = None) -> T | None:
        """The value; None when it is missing or at fault, and then told if that matters."""
        if self.vide(cle):
            if manque is not None:
                self.dire(cle, manque)
            return None
        try:
            return read(self.case(cle))
        except Refus as refus:
            self.dire(cle, refus.sentence)
            return None

    def dire(self, cle: str, phrase: str, *, grave: bool = True) -> None:
        shown = cellules.montre(self.case(cle))
        self.fautes.append(Faute(self.ligne.number, self.libelles.get(cle, cle), shown, phrase, grave))

    @property
    def bloquee(self) -> bool:
        return any(fault.grave for fault in self.fautes)

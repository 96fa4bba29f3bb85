"""The story of a played week: its sentences with the town's hours in the margin, and its figures."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import click
from sqlalchemy import text

from kernel import clock
from kernel.db import reading
from kernel.formats import instant
from paniers.models.semaines import Semaine

MARGE = 26
"""Columns of the story's left margin, where its hours stand."""


@dataclass(slots=True)
class Recit:
    """The story as it is told, and its figures; in JSON only the figures are printed, at the end."""

    en_json: bool
    chiffres: dict[str, Any] = field(default_factory=dict)
    debut: float = field(default_factory=time.monotonic)

    def titre(self, phrase: str) -> None:
        self._ecrire(f"\n{phrase}\n")

    def heure(self, phrase: str, **chiffres: object) -> None:
        """A sentence at the town's present hour."""
        self.chiffres |= chiffres
        self._ecrire(f"  {en_marge(clock.now()):<{MARGE}}{phrase}")

    def suite(self, phrase: str, **chiffres: object) -> None:
        self.chiffres |= chiffres
        self._ecrire(f"  {'':<{MARGE}}{phrase}")

    def secondes(self) -> float:
        return round(time.monotonic() - self.debut, 1)

    def _ecrire(self, ligne: str) -> None:
        if not self.en_json:
            click.echo(ligne)


def en_marge(at: datetime) -> str:
    """``Dimanche 22, 23 h 59``."""
    day, _, hour = instant(at).partition(" à ")
    name, number = day.split()[:2]
    return f"{name.capitalize()} {number}, {hour}"


def compte(combien: int, un: str, plusieurs: str) -> str:
    """``1 famille vient``, ``3 familles viennent``."""
    return nombre(combien, f"famille {un}", f"familles {plusieurs}")


def nombre(combien: int, un: str, plusieurs: str = "") -> str:
    """``1 appel``, ``3 appels``; French nought is singular."""
    return f"{combien} {un if combien < 2 else plusieurs or un + 's'}"


def lire(query: str, week: Semaine, **more: object) -> list[dict[str, Any]]:
    """Rows of a query in which `:code` is the played week, `:semaine` its key, and `more` whatever else it asks."""
    with reading() as session:
        asked = {"code": week.code, "semaine": week.id} | more
        return [dict(row._mapping) for row in session.execute(text(query), asked)]

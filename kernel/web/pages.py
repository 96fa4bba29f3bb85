"""A long list shown a page at a time; the address says which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tranche(Generic[T]):
    """A page of a long list."""

    lignes: Sequence[T]
    total: int
    numero: int
    pages: int


def tranche(lignes: Sequence[T], nom: str, taille: int) -> Tranche[T]:
    """The page that the address asks for by `nom`, or the nearest one that there is."""
    typed = request.args.get(nom, "1")
    asked = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 7 else 1
    pages = max(1, -(-len(lignes) // taille))
    number = min(max(asked, 1), pages)
    return Tranche(lignes[(number - 1) * taille : number * taille], len(lignes), number, pages)

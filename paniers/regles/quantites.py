"""Quantities as people read them: grams and kilograms, or pieces."""

from enum import StrEnum

from kernel.formats import poids
from kernel.money import NARROW, NO_BREAK


class Unite(StrEnum):
    GRAMME = "gramme"
    PIECE = "piece"


def quantite(combien: int, unite: str) -> str:
    """``450 g``, ``27 kg``, ``1 pièce``, ``1 240 pièces``."""
    if unite != Unite.PIECE:
        return poids(combien)
    return f"{combien:,}".replace(",", NARROW) + f"{NO_BREAK}{'pièce' if combien < 2 else 'pièces'}"

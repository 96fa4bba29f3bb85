"""Money in the hand, pure: coins and notes, what to give back, what each means allows. Amounts are whole centimes.

The rules are those of a régie de recettes: cash up to a ceiling for one receipt (300 €, article L.112-6 of the Code
monétaire et financier), unless a reason is written down for somebody in great precarity; nothing is ever given back
on a chèque d'accompagnement personnalisé (CAP).
"""

from collections.abc import Mapping
from enum import StrEnum

from kernel.errors import Refus
from kernel.formats import euros

COUPURES = (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
"""Notes and coins of the euro, the largest first."""
PLUS_PETIT_BILLET = 500
MONTANT_MAX = 100_000
"""No household pays a thousand euros for its baskets at once: more is a slip of the finger."""


class MoyenPaiement(StrEnum):
    """How money may reach the régie; its founding act lists those that are allowed."""

    ESPECES = "especes"
    CHEQUE = "cheque"
    CARTE = "carte"
    CAP = "cap"
    EN_LIGNE = "en_ligne"


AU_GUICHET = (MoyenPaiement.ESPECES, MoyenPaiement.CHEQUE, MoyenPaiement.CARTE, MoyenPaiement.CAP)
DOCUMENTES = frozenset({MoyenPaiement.CHEQUE, MoyenPaiement.CARTE})
"""Means that have a number to write down: of the cheque, of the terminal's ticket."""


def a_rendre(moyen: MoyenPaiement, montant: int, donne: int, *, rendu_autorise: bool) -> int:
    """What is given back when `donne` is handed over to pay `montant`. Raises Refus."""
    exiger_montant(montant)
    if moyen is not MoyenPaiement.ESPECES:
        if donne != montant:
            raise Refus(_sans_monnaie(moyen))
        return 0
    if donne < montant:
        raise Refus(f"Il manque {euros(montant - donne)}. Encaissez ce qui est donné, ou demandez le reste.")
    if donne > montant and not rendu_autorise:
        raise Refus("Cette régie ne rend pas la monnaie. Demandez l’appoint, ou gardez le surplus en avance.")
    return donne - montant


def exiger_montant(montant: int) -> None:
    """A sum that somebody may really pay. Raises Refus."""
    if not 0 < montant <= MONTANT_MAX:
        raise Refus(f"Écrivez un montant entre 0,01 € et {euros(MONTANT_MAX)}.")


def exiger_plafond(moyen: MoyenPaiement, montant: int, plafond: int, derogation: str | None) -> None:
    """Cash stays within the ceiling of one receipt, or says why not. Raises Refus."""
    if moyen is MoyenPaiement.ESPECES and montant > plafond and not derogation:
        raise Refus(
            f"Au-delà de {euros(plafond)}, les espèces ne sont permises qu’à une personne en grande précarité."
            " Écrivez le motif, ou proposez un autre moyen."
        )


def en_coupures(montant: int) -> list[tuple[int, int]]:
    """The fewest notes and coins that make `montant`: [(coupure, how many)], the largest first."""
    left, made = montant, []
    for coupure in COUPURES:
        count, left = divmod(left, coupure)
        if count:
            made.append((coupure, count))
    return made


def total(comptage: Mapping[int, int]) -> int:
    """What so many of each note and coin are worth."""
    return sum(coupure * count for coupure, count in comptage.items())


def _sans_monnaie(moyen: MoyenPaiement) -> str:
    if moyen is MoyenPaiement.CAP:
        return "Aucune monnaie ne se rend sur un CAP : encaissez toute sa valeur, le surplus reste en avance au foyer."
    return "Un chèque ou une carte paie le montant exact : il n’y a rien à rendre."

"""A payment's states and the moves between them. Pure.

``prepare``: written, not tried. ``inconnu``: Stripe was asked and what it did is not known yet. ``en_cours``: a
bank has a SEPA debit and answers within a fortnight. ``a_authentifier``:
Stripe waits for a person: the bank wants to hear the cardholder, or the payment page is open. ``refuse``: the bank said
no; a rule may send it back to ``prepare`` once more. ``abandonne``: nobody will pay it any more. ``reussi``: the money
is there; nothing undoes it (a refund would be another payment's story), while a late success is believed whatever was
thought before.
"""

from enum import StrEnum


class Etat(StrEnum):
    PREPARE = "prepare"
    INCONNU = "inconnu"
    EN_COURS = "en_cours"
    A_AUTHENTIFIER = "a_authentifier"
    REFUSE = "refuse"
    REUSSI = "reussi"
    ABANDONNE = "abandonne"


PERMIS: dict[Etat, frozenset[Etat]] = {
    Etat.PREPARE: frozenset({Etat.INCONNU, Etat.REFUSE, Etat.ABANDONNE}),
    Etat.INCONNU: frozenset({Etat.EN_COURS, Etat.A_AUTHENTIFIER, Etat.REFUSE, Etat.REUSSI, Etat.ABANDONNE}),
    Etat.EN_COURS: frozenset({Etat.REFUSE, Etat.REUSSI, Etat.ABANDONNE}),
    Etat.A_AUTHENTIFIER: frozenset({Etat.REFUSE, Etat.REUSSI, Etat.ABANDONNE}),
    Etat.REFUSE: frozenset({Etat.REUSSI, Etat.PREPARE}),
    Etat.ABANDONNE: frozenset({Etat.REUSSI}),
    Etat.REUSSI: frozenset(),
}

EN_ROUTE = (Etat.PREPARE, Etat.INCONNU, Etat.EN_COURS)
"""States of a charge that may still bring its money: that much is not asked for again."""

CONCLUS = frozenset({Etat.REFUSE, Etat.ABANDONNE, Etat.REUSSI})
"""States in which nothing more is expected from Stripe."""


class MouvementInterdit(Exception):
    """A payment cannot move like that: a bug."""


def verifier_mouvement(de: Etat, vers: Etat) -> None:
    """Raises MouvementInterdit unless a payment may go from `de` to `vers`."""
    if vers not in PERMIS[de]:
        raise MouvementInterdit(f"a payment does not go from {de} to {vers}")


def arrive_trop_tard(de: Etat, vers: Etat) -> bool:
    """Whether news that a payment is `vers` tells nothing to one that is `de`: known, or overtaken by better."""
    return de == vers or (de in CONCLUS and vers != Etat.REUSSI)

"""Whose money a person at a counter may touch: predicates for `@access(on=…)`.

A household comes for its basket to another maison than its own for one week: the trade above tells, through
`init_portee`, whom it expects there.
"""

from collections.abc import Callable, Sequence

from flask import Flask, current_app
from sqlalchemy import select

from foyers.portee import atteint, foyer_a_portee
from kernel.db import reading
from kernel.web.access import Person
from paiements.models.en_ligne import Aide, Paiement
from paiements.models.regie import Quittance

Attend = Callable[[Person, int], bool]
"""Whether a household is expected today where that person works."""
_EXTENSION = "portee_de_caisse"


def init_portee(app: Flask, attendent: Sequence[Attend]) -> None:
    """The composition root tells which trades expect households at a maison that is not theirs."""
    app.extensions[_EXTENSION] = tuple(attendent)


def foyer_encaissable(person: Person, *, foyer_id: int, **_: object) -> bool:
    """The household is of the person's maisons, or is expected at one of them."""
    if foyer_a_portee(person, foyer_id=foyer_id):
        return True
    return any(expects(person, foyer_id) for expects in current_app.extensions.get(_EXTENSION, ()))


def quittance_a_portee(person: Person, *, quittance_id: int, **_: object) -> bool:
    """The receipt of the address was given at one of the person's maisons."""
    with reading() as session:
        return atteint(person, session.scalar(select(Quittance.maison_id).where(Quittance.id == quittance_id)))


def ma_quittance(person: Person, *, quittance_id: int, **_: object) -> bool:
    """The receipt of the address is the family's own."""
    with reading() as session:
        owner = session.scalar(select(Quittance.foyer_id).where(Quittance.id == quittance_id))
    return owner is not None and owner == person.foyer_id


def mon_recu(person: Person, *, recu_id: int, **_: object) -> bool:
    """The online payment of the address is the family's own."""
    return (owner := _payeur(recu_id)) is not None and owner == person.foyer_id


def recu_a_portee(person: Person, *, foyer_id: int, recu_id: int, **_: object) -> bool:
    """The online payment of the address is that household's, and the household within the person's reach."""
    return _payeur(recu_id) == foyer_id and foyer_a_portee(person, foyer_id=foyer_id)


def aide_a_portee(person: Person, *, foyer_id: int, aide_id: int, **_: object) -> bool:
    """The aid of the address was given to that household, and the household is within the person's reach."""
    with reading() as session:
        helped = session.scalar(select(Aide.foyer_id).where(Aide.id == aide_id))
    return helped == foyer_id and foyer_a_portee(person, foyer_id=foyer_id)


def _payeur(paiement_id: int) -> int | None:
    with reading() as session:
        return session.scalar(select(Paiement.foyer_id).where(Paiement.id == paiement_id))

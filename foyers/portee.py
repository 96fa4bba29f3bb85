"""Whose households a person reaches: predicates for `@access(on=…)`.

A family reaches its own, an agent those of its maisons, the coordination and the régisseur all of them. Bénévoles and
producers reach none.
"""

from sqlalchemy import select

from foyers.models import Foyer, JustificatifQF
from kernel.db import reading
from kernel.web.access import Person, Role

TOUTE_LA_VILLE = frozenset({Role.COORDINATION, Role.ADMINISTRATION, Role.REGISSEUR})


def maisons_de(person: Person) -> frozenset[int] | None:
    """The maisons whose households a member of the team may see; None means all of them."""
    return None if person.role in TOUTE_LA_VILLE else person.maisons


def foyer_a_portee(person: Person, *, foyer_id: int, **_: object) -> bool:
    """The household of the address belongs to one of the agent's maisons."""
    with reading() as session:
        return atteint(person, session.scalar(select(Foyer.maison_id).where(Foyer.id == foyer_id)))


def justificatif_a_portee(person: Person, *, justificatif_id: int, **_: object) -> bool:
    """The household of the address's quotient belongs to one of the agent's maisons."""
    of_household = select(JustificatifQF.foyer_id).where(JustificatifQF.id == justificatif_id)
    with reading() as session:
        return atteint(
            person, session.scalar(select(Foyer.maison_id).where(Foyer.id == of_household.scalar_subquery()))
        )


def atteint(person: Person, maison_id: int | None) -> bool:
    """Whether the person reaches households of that maison (None: there is no such household)."""
    if maison_id is None:
        return False
    reach = maisons_de(person)
    return reach is None or maison_id in reach

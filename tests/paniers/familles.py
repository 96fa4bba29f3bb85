"""What families' pages are tried with: a closed week, and answers that nobody should send."""

from typing import Any

from sqlalchemy import select

from kernel import clock
from kernel.db import transaction
from paniers.cloture import cloturer
from paniers.models.semaines import Panier
from tests.paniers.monde_public import (
    LUNDI,
    Ville,
)

HOSTILES: list[Any] = ["", "0", "-1", "9" * 5000, "abc", "1\x00", "1; DROP TABLE foyer", ["7", "8"]]


def cloture(town: Ville) -> int:
    """The week closed on Monday; the household's basket."""
    clock.set_now(LUNDI)
    with transaction() as session:
        cloturer(session, town.semaines[0], instant=LUNDI)
        basket = session.scalars(select(Panier).where(Panier.foyer_id == town.foyer_id)).one()
        return basket.id

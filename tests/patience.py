"""Many people on few connections: whoever finds none in time asks again, as people do."""

from collections.abc import Callable

from sqlalchemy.exc import TimeoutError as PasDeConnexion
from sqlalchemy.orm import Session

from kernel.db import transaction

__all__ = ["PasDeConnexion"]

Geste = Callable[[Session], object]
"""What one of them does, in a transaction of its own."""


def insister(geste: Geste) -> object:
    """What the act returned, or raised."""
    while True:
        try:
            with transaction() as session:
                return geste(session)
        except PasDeConnexion:
            continue
        except Exception as error:  # noqa: BLE001  (it is how it ended)
            return error

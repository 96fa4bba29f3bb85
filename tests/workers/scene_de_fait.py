"""What a fact stands on, and what it may change however many times it comes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from kernel.db import transaction
from kernel.outbox import Fact
from tests.paiements.monde import StripeLocal
from tests.securite.scene import Scene

UN_MESSAGE = {"message": 1, "mail": 1}
UN_COURRIEL = {"mail": 1}
UN_DOCUMENT = {"document": 1}


@dataclass(frozen=True)
class Monde:
    scene: Scene
    stripe: StripeLocal


@dataclass(frozen=True)
class SceneDeFait:
    """`planter` makes what the fact names; `effets` counts the rows that it adds, however many times it comes.

    Without `effets` it changes rows and adds none.
    """

    planter: Callable[[Monde], Fact]
    effets: Mapping[str, int] = field(default_factory=dict)


def ecrite(make: Callable[[Session, Scene], Fact]) -> Callable[[Monde], Fact]:
    """A scene that rows of ours are enough for."""

    def planter(monde: Monde) -> Fact:
        with transaction() as session:
            return make(session, monde.scene)

    return planter

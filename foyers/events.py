"""What happens in households and at their maisons, as facts: ids only."""

from dataclasses import dataclass

from kernel.outbox import Fact


@dataclass(frozen=True, slots=True)
class CompteOuvert(Fact):
    """Somebody of a household may sign in from now on: it has opened its account itself, or at the counter."""

    compte_id: int


@dataclass(frozen=True, slots=True)
class LiasseDemandee(Fact):
    """A maison has asked for its letters, or its list of calls, to be made ready to print."""

    liasse_id: int

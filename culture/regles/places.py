"""The seats of an outing, and who is served next. Pure: the use cases read the figures under the outing's lock.

Until `quotas_jusqu_a` some seats are kept for the households of a maison; the others are common, and a maison that
has used up its own draws from them. From then on every seat is everybody's.

**Who waits is served by date, a group whole or not at all.** A smaller group overtakes a larger one only while the
larger cannot be served; the larger keeps its rank.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FIN_DES_OFFRES = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Occupation:
    """`tenues`: seats held by maison (offers included; None: a group without household). `quotas`: empty once they
    are released."""

    places: int
    tenues: Mapping[int | None, int] = field(default_factory=dict)
    quotas: Mapping[int, int] = field(default_factory=dict)

    @property
    def libres(self) -> int:
        """Seats that nobody holds, kept ones included."""
        return max(self.places - sum(self.tenues.values()), 0)

    def libres_pour(self, maison_id: int | None) -> int:
        """Seats that a household of that maison can take now."""
        beyond = sum(max(held - self._garde(m), 0) for m, held in self.tenues.items())
        common = self.places - sum(self.quotas.values()) - beyond
        own = max(self._garde(maison_id) - self.tenues.get(maison_id, 0), 0)
        return max(min(self.libres, common + own), 0)

    def prise(self, maison_id: int | None, nombre: int) -> "Occupation":
        """The same once `nombre` more are held."""
        held = dict(self.tenues)
        held[maison_id] = held.get(maison_id, 0) + nombre
        return Occupation(self.places, held, self.quotas)

    def _garde(self, maison_id: int | None) -> int:
        return self.quotas.get(maison_id, 0) if maison_id is not None else 0


@dataclass(frozen=True, slots=True)
class Demande:
    """A group that waits: for `nombre` seats together."""

    id: int
    maison_id: int | None
    nombre: int


@dataclass(frozen=True, slots=True)
class Service:
    """Whom seats are offered to, and which larger groups were overtaken by them."""

    offertes: tuple[int, ...]
    depassees: tuple[int, ...]


def servir(occupation: Occupation, demandes: Sequence[Demande]) -> Service:
    """Offer what is free to those who wait, in the order given."""
    served = []
    for rank, demande in enumerate(demandes):
        if demande.nombre <= occupation.libres_pour(demande.maison_id):
            occupation = occupation.prise(demande.maison_id, demande.nombre)
            served.append(rank)
    before_the_last = range(max(served, default=0))
    return Service(
        tuple(demandes[rank].id for rank in served),
        tuple(demandes[rank].id for rank in before_the_last if rank not in served),
    )


def fin_de_l_offre(instant: datetime, rendez_vous_le: datetime) -> datetime | None:
    """Until when an offer made now holds its seats; None: it is too late to offer.

    Two days a week ahead and more, one day from three days on, then four hours; never past two hours before the
    meeting, so that the seat can still find somebody.
    """
    last = rendez_vous_le - FIN_DES_OFFRES
    ahead = rendez_vous_le - instant
    if ahead >= timedelta(days=7):
        held = timedelta(hours=48)
    elif ahead >= timedelta(days=3):
        held = timedelta(hours=24)
    else:
        held = timedelta(hours=4)
    ends = min(instant + held, last)
    return ends if ends - instant >= timedelta(minutes=30) else None

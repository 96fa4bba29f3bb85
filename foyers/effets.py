"""What an answer to a quotient changes for the family, said before it is given.

The tariff stands a floor above: the composition root hands over what tells the next week that can still change and its
scale (`init_effets`). Which quotient would count then is this floor's own rule.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from flask import Flask, current_app
from sqlalchemy.orm import Session

from foyers.queries import QFVu, quotients_au
from foyers.quotient import Lecture, qf_retenu, validite_usuelle
from kernel.money import Euros

_EXTENSION = "tarif_a_venir"


@dataclass(frozen=True, slots=True)
class Palier:
    """A step of the scale, to be shown: up to which quotient (None: beyond the others), for which price."""

    jusqu_a: int | None
    prix: Euros


@dataclass(frozen=True, slots=True)
class TarifAVenir:
    """The next week whose baskets can still change price. `prix` takes a quotient, or None for none."""

    retrait_le: date
    cloture_le: datetime
    prix: Callable[[int | None], Euros]
    paliers: Sequence[Palier]

    def du_foyer(self, session: Session, foyer_id: int) -> Euros:
        """What that week's basket will cost the household, as things stand."""
        return self.prix(quotients_au(session, [foyer_id], self.cloture_le, self.retrait_le).get(foyer_id))


@dataclass(frozen=True, slots=True)
class Effets:
    """The price of one basket on `retrait_le`: as things stand, if the quotient is accepted, if it is refused."""

    retrait_le: date
    maintenant: Euros
    accepte: Euros
    refuse: Euros
    paliers: Sequence[Palier]


Source = Callable[[Session], TarifAVenir | None]


def init_effets(app: Flask, source: Source) -> None:
    app.extensions[_EXTENSION] = source


def tarif_a_venir(session: Session) -> TarifAVenir | None:
    """The tariff's word; None when no week is open, or no tariff is installed."""
    source: Source | None = current_app.extensions.get(_EXTENSION)
    return source(session) if source else None


def effets(quotients: Sequence[QFVu], justificatif_id: int, tarif: TarifAVenir, instant: datetime) -> Effets:
    """What accepting or refusing at `instant` that one of the household's quotients would change. Pure."""
    others = [_lecture(q) for q in quotients if q.id != justificatif_id]
    given = _lecture(next(q for q in quotients if q.id == justificatif_id))
    accepted = replace(given, verifie_le=instant, valide_jusqu_au=validite_usuelle(given.mois))

    def prix(known: list[Lecture]) -> Euros:
        kept = qf_retenu(known, instant=tarif.cloture_le, jour=tarif.retrait_le)
        return tarif.prix(kept.valeur if kept else None)

    return Effets(
        retrait_le=tarif.retrait_le,
        maintenant=prix([*others, given]),
        accepte=prix([*others, accepted]),
        refuse=prix(others),
        paliers=tarif.paliers,
    )


def _lecture(q: QFVu) -> Lecture:
    return Lecture(q.valeur, q.mois, q.source, q.declare_le, q.verifie_le, q.refuse_le, q.valide_jusqu_au)

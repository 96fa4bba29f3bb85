"""Closing days and doubtful weeks as the coordination reads them."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Maison
from paniers.fermetures import Doute, en_doute, motif
from paniers.models.distributions import Fermeture


@dataclass(frozen=True, slots=True)
class FermetureVue:
    id: int
    maison: str | None
    du: date
    au: date
    motif: str


@dataclass(frozen=True, slots=True)
class DouteVu:
    """A week in doubt: why, for which maisons (none named: for all), and the day proposed instead."""

    code: str
    retrait_le: date
    motif: str
    maisons: tuple[tuple[int, str], ...]
    autre_jour: date | None


def doutes(session: Session, instant: datetime) -> list[DouteVu]:
    """The weeks to come whose day is doubtful, the next first. Five queries at most."""
    found = en_doute(session, instant)
    names = dict(session.execute(select(Maison.id, Maison.nom)).all()) if found else {}
    return [_vu(doubt, names) for doubt in found]


def doute_de(session: Session, semaine_id: int, instant: datetime) -> DouteVu | None:
    """That week's, if it is in doubt."""
    found = [doubt for doubt in en_doute(session, instant) if doubt.semaine_id == semaine_id]
    if not found:
        return None
    names = dict(session.execute(select(Maison.id, Maison.nom)).all())
    return _vu(found[0], names)


def a_venir(session: Session, today: date) -> list[FermetureVue]:
    """The closings that are not over and have not been taken back."""
    rows = session.execute(
        select(Fermeture, Maison.nom)
        .outerjoin(Maison, Maison.id == Fermeture.maison_id)
        .where(Fermeture.au >= today, Fermeture.levee_le.is_(None))
        .order_by(Fermeture.du, Fermeture.id)
    )
    return [FermetureVue(row.id, name, row.du, row.au, row.motif) for row, name in rows]


def _vu(doubt: Doute, names: dict[int, str]) -> DouteVu:
    everywhere = [one for one in doubt.empechements if one.maison_id is None]
    some = {one.maison_id: names[one.maison_id] for one in doubt.empechements if one.maison_id is not None}
    first = everywhere[0] if everywhere else doubt.empechements[0]
    places = () if everywhere else tuple(sorted(some.items(), key=lambda pair: pair[1]))
    return DouteVu(doubt.code, doubt.retrait_le, motif(first), places, doubt.autre_jour)

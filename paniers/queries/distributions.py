"""What the coordination reads of a week's hand-outs: each maison's appointment, what was decided, whom to call."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.models import Compte, Maison
from foyers.queries import maisons
from paniers.agenda import RendezVous, agenda, distribue
from paniers.concernes import AAppeler, a_appeler
from paniers.models.distributions import Distribution, Nature
from paniers.models.semaines import EtatPanier, Panier, Semaine


@dataclass(frozen=True, slots=True)
class LieuVu:
    """A maison's appointment of the week. `chez` names the one that takes its baskets in; `accueille`: it can do so."""

    maison_id: int
    maison: str
    rdv: RendezVous
    chez: str | None
    accueille: bool


@dataclass(frozen=True, slots=True)
class DecisionVue:
    """A decision as it is told: where (None: the whole town), what, why, when, by whom. `en_vigueur`: not replaced."""

    id: int
    maison: str | None
    nature: str
    jour: object
    chez: str | None
    motif: str
    depuis: datetime
    par: str | None
    en_vigueur: bool


@dataclass(frozen=True, slots=True)
class Feuille:
    """One maison's list of calls: what to say, and to whom."""

    maison: str
    telephone: str
    decision: DecisionVue
    rdv: RendezVous
    lieu: str
    foyers: list[AAppeler] = field(default_factory=list)


def lieux(session: Session, semaine: Semaine) -> list[LieuVu]:
    """Each maison that hands out, or has baskets that week. Three queries."""
    known = agenda(session, [semaine.id])
    held = set(
        session.scalars(
            select(Panier.maison_id)
            .where(Panier.semaine_id == semaine.id, Panier.etat != EtatPanier.ANNULE)
            .group_by(Panier.maison_id)
        )
    )
    every = maisons(session, toutes=True)
    names = {place.id: place.nom for place in every}
    found = []
    for place in every:
        if place.active or place.id in held:
            rdv = known.rendez_vous(semaine, place.id)
            chez = names[rdv.maison_id] if rdv.ailleurs else None
            found.append(LieuVu(place.id, place.nom, rdv, chez, place.active and distribue(known, semaine, place.id)))
    return found


def du_lieu(session: Session, semaine: Semaine, maison_id: int | None) -> RendezVous | None:
    """One maison's appointment; None for the whole town, which has as many as maisons."""
    return agenda(session, [semaine.id]).rendez_vous(semaine, maison_id) if maison_id is not None else None


def histoire(session: Session, semaine_id: int) -> list[DecisionVue]:
    """All that was decided of the week's hand-outs, the latest first. One query."""
    return [made for made, _ in _decisions(session, semaine_id)]


def appels(session: Session, semaine_id: int) -> list[Feuille]:
    """A list of calls for each maison that a decision in force concerns, in the order of their names."""
    semaine = session.get_one(Semaine, semaine_id)
    known = agenda(session, [semaine_id])
    places = {place.id: place for place in maisons(session, toutes=True)}
    sheets: dict[tuple[int, int], Feuille] = {}
    for told, decision in _decisions(session, semaine_id):
        if not told.en_vigueur:
            continue
        for household in a_appeler(session, decision):
            place, key = places[household.maison_id], (household.maison_id, decision.id)
            if key not in sheets:
                rdv = known.rendez_vous(semaine, place.id)
                sheets[key] = Feuille(place.nom, place.telephone, told, rdv, places[rdv.maison_id].nom)
            sheets[key].foyers.append(household)
    return sorted(sheets.values(), key=lambda sheet: (sheet.maison, sheet.decision.id))


def decisions_en_vigueur(session: Session, semaine_id: int) -> Sequence[DecisionVue]:
    """What departs from the calendar now, the town first."""
    return [
        made
        for made, _ in sorted(_decisions(session, semaine_id), key=lambda pair: pair[0].maison or "")
        if made.en_vigueur and made.nature != Nature.RETABLIE
    ]


def _decisions(session: Session, semaine_id: int) -> list[tuple[DecisionVue, Distribution]]:
    chez = select(Maison.nom).where(Maison.id == Distribution.chez_id).correlate(Distribution).scalar_subquery()
    rows = session.execute(
        select(Distribution, Maison.nom, chez, func.coalesce(Compte.nom, ""))
        .outerjoin(Maison, Maison.id == Distribution.maison_id)
        .outerjoin(Compte, Compte.id == Distribution.par)
        .where(Distribution.semaine_id == semaine_id)
        .order_by(Distribution.id.desc())
    ).all()
    return [
        (
            DecisionVue(
                row.id, where, row.nature, row.jour, host, row.motif, row.depuis, who or None, row.jusqu_a is None
            ),
            row,
        )
        for row, where, host, who in rows
    ]

"""The places of a maison, counted here and nowhere else; nothing is ever kept as a counter.

A place is held by
- a *standing* basket: a subscription that still has a pick-up on the day of reckoning (`jour_de_compte`) or later; a
  pause or an absence keeps its place, and so does a term that ends soon, until the cut-off of its last pick-up, so
  that it can be renewed;
- an *offer* of the waiting list that is still open.
For one week only, a *visitor* holds one: somebody of another maison who has chosen to pick up here that week.

Whoever takes, gives or offers a place holds the maison's lock. **The order of locks**, the same everywhere, so that
nobody waits in a ring: the household, its subscription, the maisons by ascending key, the week, the requests of the
waiting list. The closing locks its week alone, and then only touches foreign keys, which these locks let through.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.models import Foyer, Maison
from kernel.errors import Introuvable, Refus
from kernel.formats import jour as en_mots
from paniers.models.attente import Attente
from paniers.models.semaines import Abonnement, AbonnementVersion, Choix, Semaine
from paniers.regles.etats import EtatAttente, EtatSemaine
from paniers.semaines import DELAI_DE_CLOTURE

# Rows are locked against one another's changes, not against the foreign keys of the baskets that a closing writes:
# a family and a closing never wait for each other in a ring.
VERROU = {"key_share": True}


@dataclass(frozen=True, slots=True)
class Occupation:
    """What a maison holds. `visites` are the baskets of visitors by open week, told by its pick-up day."""

    places: int
    abonnes: int = 0
    offertes: int = 0
    visites: Mapping[date, int] = field(default_factory=dict)

    @property
    def libres(self) -> int:
        """Baskets that can still be taken for good: in every open week, visitors counted."""
        return max(self.places - self.abonnes - self.offertes - max(self.visites.values(), default=0), 0)

    def libres_le(self, retrait_le: date) -> int:
        """Baskets that can still come on that one pick-up day."""
        return max(self.places - self.abonnes - self.offertes - self.visites.get(retrait_le, 0), 0)

    def semaine_trop_pleine(self, nombre: int) -> date | None:
        """The first open week whose visitors alone leave no room for `nombre` more; None when that is not why."""
        if self.abonnes + self.offertes + nombre > self.places:
            return None
        return next((day for day in sorted(self.visites) if self.libres_le(day) < nombre), None)


def jour_de_compte(session: Session, instant: datetime) -> date | None:
    """The pick-up day from which places are reckoned: the next open week's; None when no week is open.

    What was said just before a cut-off lands within its minute of grace: until then a place that ends is still held.
    """
    return session.scalar(
        select(func.min(Semaine.retrait_le)).where(
            Semaine.etat == EtatSemaine.OUVERTE, Semaine.cloture_le > instant - DELAI_DE_CLOTURE
        )
    )


def occupations(
    session: Session, jour: date, maisons: Iterable[int] | None = None, *, sauf: int | None = None
) -> dict[int, Occupation]:
    """Maison → what it holds from the day of reckoning `jour` on. Four queries.

    `sauf`: a household whose visits are left out, as it is about to settle where it visits.
    """
    wanted = select(Maison.id, Maison.places)
    if maisons is not None:
        wanted = wanted.where(Maison.id.in_(list(maisons)))
    capacities = session.execute(wanted).all()
    standing, offered = _abonnes(session, jour), _offertes(session)
    visiting = _visites(session, jour, sauf)
    return {
        key: Occupation(places, standing.get(key, 0), offered.get(key, 0), visiting.get(key, {}))
        for key, places in capacities
    }


def occupation(session: Session, maison_id: int, instant: datetime, *, sauf: int | None = None) -> Occupation:
    """What the locked maison holds at `instant`; full when no week is open."""
    day = jour_de_compte(session, instant)
    return occupations(session, day, [maison_id], sauf=sauf)[maison_id] if day is not None else Occupation(0)


def exiger_des_places(
    session: Session, maison: Maison, nombre: int, instant: datetime, *, sauf: int | None = None
) -> None:
    """Raises Refus unless `nombre` more baskets fit into the locked maison in every open week."""
    held = occupation(session, maison.id, instant, sauf=sauf)
    if nombre <= held.libres:
        return
    crowded = held.semaine_trop_pleine(nombre)
    if crowded is not None:
        raise Refus(
            f"La maison {maison.nom} accueille déjà des familles d’ailleurs {en_mots(crowded)} : il n’y reste pas assez"
            " de place. Revenez la semaine prochaine, ou inscrivez-vous sur sa liste d’attente."
        )
    raise Refus(
        f"La maison {maison.nom} est complète. Choisissez une autre maison, ou inscrivez-vous sur sa liste d’attente."
    )


def exiger_une_place_le(
    session: Session, maison: Maison, nombre: int, retrait_le: date, instant: datetime, *, sauf: int
) -> None:
    """Raises Refus unless `nombre` visitors' baskets fit into the locked maison that day; `sauf` is the
    visitor's household."""
    if nombre > occupation(session, maison.id, instant, sauf=sauf).libres_le(retrait_le):
        raise Refus(
            f"La maison {maison.nom} n’a plus assez de place {en_mots(retrait_le)}. Choisissez-en une autre, ou gardez"
            " la vôtre."
        )


def verrouiller_foyer(session: Session, foyer_id: int) -> None:
    """The household: whatever it does in two tabs, or an agent in its name, comes one after the other."""
    if session.get(Foyer, foyer_id, with_for_update=VERROU) is None:
        raise Introuvable


def verrouiller_maisons(session: Session, *maison_ids: int | None) -> dict[int, Maison]:
    """The maisons locked, by ascending key whatever the order given; what does not exist is left out."""
    wanted = sorted({key for key in maison_ids if key is not None})
    found = (session.get(Maison, key, with_for_update=VERROU, populate_existing=True) for key in wanted)
    return {maison.id: maison for maison in found if maison is not None}


def exiger_ouverte(maisons: Mapping[int, Maison], maison_id: int) -> Maison:
    """Raises Refus when the maison does not exist or hands out no baskets."""
    maison = maisons.get(maison_id)
    if maison is None or not maison.active:
        raise Refus("Cette maison ne distribue pas de paniers. Choisissez-en une autre.")
    return maison


def _abonnes(session: Session, jour: date) -> dict[int, int]:
    held = session.execute(
        select(AbonnementVersion.maison_id, func.sum(AbonnementVersion.nombre))
        .where(AbonnementVersion.jusqu_a.is_(None), AbonnementVersion.fin >= jour)
        .where(AbonnementVersion.debut <= AbonnementVersion.fin)
        .group_by(AbonnementVersion.maison_id)
    )
    return {maison_id: int(count) for maison_id, count in held}


def _offertes(session: Session) -> dict[int, int]:
    held = session.execute(
        select(Attente.maison_id, func.sum(Attente.nombre))
        .where(Attente.etat == EtatAttente.OFFERTE)
        .group_by(Attente.maison_id)
    )
    return {maison_id: int(count) for maison_id, count in held}


def _visites(session: Session, jour: date, sauf: int | None) -> dict[int, dict[date, int]]:
    """Maison → pick-up day → baskets of those who live elsewhere and come here that week."""
    rows = session.execute(
        select(Maison.id, Semaine.retrait_le, func.sum(AbonnementVersion.nombre))
        .select_from(Choix)
        .join(Maison, Maison.id == Choix.maison_id)
        .join(Semaine, Semaine.id == Choix.semaine_id)
        .join(AbonnementVersion, AbonnementVersion.abonnement_id == Choix.abonnement_id)
        .join(Abonnement, Abonnement.id == Choix.abonnement_id)
        .where(Semaine.etat == EtatSemaine.OUVERTE, Semaine.retrait_le >= jour)
        .where(AbonnementVersion.jusqu_a.is_(None), AbonnementVersion.maison_id != Choix.maison_id)
        .where(AbonnementVersion.debut <= Semaine.retrait_le, AbonnementVersion.fin >= Semaine.retrait_le)
        .where(Abonnement.foyer_id != (sauf or 0))
        .group_by(Maison.id, Semaine.retrait_le)
    )
    visiting: dict[int, dict[date, int]] = {}
    for maison_id, day, count in rows:
        visiting.setdefault(maison_id, {})[day] = int(count)
    return visiting

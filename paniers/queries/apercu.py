"""What is read for the previews of grids and rhythms, and the trace of those that were written. Bounded queries."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import all_, func, literal, select
from sqlalchemy.orm import Session

from foyers.models import Compte, Maison
from foyers.queries import quotients_au
from kernel.clock import PARIS
from kernel.errors import Refus
from paniers.models.reglages import ReglageEcrit
from paniers.models.semaines import Abonnement, AbonnementVersion, Calendrier, Grille
from paniers.queries.familles import limite
from paniers.reglages import GrilleSaisie, RythmeSaisi
from paniers.regles import calendrier
from paniers.regles.apercu import Apercu, Foyer, comparer
from paniers.regles.calendrier import Etapes
from paniers.regles.tarifs import GrilleIncoherente, bareme
from paniers.semaines import grille_en_vigueur

SEMAINES_MONTREES = 3
DERNIERS = 20


@dataclass(frozen=True, slots=True)
class Comparaison:
    """A preview, with the name of the grid that it is compared with; None for the town's first one."""

    apercu: Apercu
    ancienne: str | None


@dataclass(frozen=True, slots=True)
class RythmeApercu:
    """The first weeks of a rhythm, and the maisons that are closed on its pick-up day."""

    semaines: tuple[Etapes, ...]
    fermees: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A grid or rhythm was entered or withdrawn; `nom` is the grid's, `qui` None for the town's file."""

    quoi: str
    geste: str
    effet_le: date
    nom: str
    le: datetime
    qui: str | None


def apercu_grille(session: Session, saisie: GrilleSaisie, instant: datetime) -> Comparaison:
    """What the grid would change for those who subscribe today, at today's quotients. Four queries.

    Compared with the grid that prices its first day now. Whoever skips a week or pauses counts: they will be back.
    """
    coming = limite(session, instant)
    day = coming.retrait_le if coming else instant.astimezone(PARIS).date()
    baskets = session.execute(
        select(Abonnement.foyer_id, func.sum(AbonnementVersion.nombre))
        .join(AbonnementVersion, AbonnementVersion.abonnement_id == Abonnement.id)
        .where(AbonnementVersion.jusqu_a.is_(None), AbonnementVersion.debut <= AbonnementVersion.fin)
        .where(AbonnementVersion.fin >= day)
        .group_by(Abonnement.foyer_id)
    ).all()
    quotients = quotients_au(session, [row[0] for row in baskets], instant, day)
    present = _en_vigueur(session, saisie.effet_le)
    old, new = bareme(present.regle) if present is not None else None, bareme(saisie.regle)
    households = [
        Foyer(
            avant=old.tarif(quotients.get(foyer_id)).prix.centimes if old else None,
            apres=new.tarif(quotients.get(foyer_id)).prix.centimes,
            nombre=int(count),
        )
        for foyer_id, count in baskets
    ]
    cost = present.cout_reference if present is not None else 0
    told = comparer(households, cout_avant=cost, cout_apres=saisie.cout_reference)
    return Comparaison(told, present.nom if present is not None else None)


def _en_vigueur(session: Session, effet_le: date) -> Grille | None:
    """The grid that prices that day now; None when there is none that can be read."""
    try:
        found = grille_en_vigueur(session, effet_le)
        bareme(found.regle)
    except (Refus, GrilleIncoherente):
        return None
    return found


def apercu_rythme(session: Session, saisi: RythmeSaisi) -> RythmeApercu:
    """The first weeks that this rhythm would date. Two queries."""
    rhythms = [saisi, *session.scalars(select(Calendrier).where(Calendrier.effet_le != saisi.effet_le))]
    weeks = calendrier.retraits_a_venir(saisi.effet_le, rhythms, SEMAINES_MONTREES)
    shut = session.scalars(
        select(Maison.nom).where(Maison.active, literal(saisi.retrait_jour) != all_(Maison.jours)).order_by(Maison.nom)
    ).all()
    return RythmeApercu(tuple(calendrier.etapes(day, rhythm) for day, rhythm in weeks), tuple(shut))


def traces(session: Session, quoi: str) -> list[Trace]:
    """Who entered and withdrew grids (`grille`) or rhythms (`calendrier`), the latest first. One query."""
    rows = session.execute(
        select(ReglageEcrit, Compte.nom)
        .outerjoin(Compte, Compte.id == ReglageEcrit.par)
        .where(ReglageEcrit.quoi == quoi)
        .order_by(ReglageEcrit.id.desc())
        .limit(DERNIERS)
    )
    return [Trace(row.quoi, row.geste, row.effet_le, str(row.contenu.get("nom", "")), row.le, who) for row, who in rows]

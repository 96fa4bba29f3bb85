"""What the pick-up pages read of a maison's day: where, when, who is expected.

Bounded: the day's list is one query whatever the number of baskets. A list never holds a price.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sqlalchemy import ScalarSelect, and_, func, select, true
from sqlalchemy.orm import Session, aliased

from foyers.models import Foyer, Maison, Membre
from kernel.documents import existing
from paniers.agenda import rendez_vous
from paniers.models.semaines import EtatPanier, Panier, Retrait, Semaine
from paniers.regles.etats import EtatSemaine
from paniers.retraits import Moyen, semaine_du_jour

A_VENIR_CHERCHER = (EtatPanier.A_REMETTRE, EtatPanier.NON_RETIRE)


@dataclass(frozen=True, slots=True)
class Place:
    """A maison on the day's overview: households expected, and those served."""

    id: int
    nom: str
    debut: time
    fin: time
    attendus: int
    remis: int


@dataclass(frozen=True, slots=True)
class Jour:
    """The week whose baskets are handed out. `retrait_le` is its nominal day, and once a maison is chosen
    (`au_rendez_vous`) the day on which that one hands out; `motif` says why that is another day, or none at all;
    `chez` names the maison that takes its baskets in."""

    semaine_id: int
    code: str
    retrait_le: date
    etat: str
    annulee: bool = False
    motif: str = ""
    chez: str = ""

    @property
    def id(self) -> int:
        return self.semaine_id

    @property
    def arrive(self) -> bool:
        return self.etat in (EtatSemaine.LIVREE, EtatSemaine.TERMINEE)

    @property
    def attend_la_livraison(self) -> bool:
        return self.etat == EtatSemaine.COMMANDEE


@dataclass(frozen=True, slots=True)
class Attendu:
    """One line of the day's list. `court` is what a bénévole sees: first name and initial."""

    id: int
    numero: int
    prenom: str
    nom: str
    nombre: int
    etat: str
    le: datetime | None
    plies: str
    a_donner: bool = False

    @property
    def court(self) -> str:
        return f"{self.prenom} {self.nom[:1]}." if self.prenom and self.nom else self.prenom or f"n° {self.numero}"

    @property
    def complet(self) -> str:
        return f"{self.prenom} {self.nom}".strip()

    @property
    def remis(self) -> bool:
        return self.etat == EtatPanier.REMIS

    @property
    def donne(self) -> bool:
        return self.etat == EtatPanier.DONNE

    @property
    def reste(self) -> bool:
        """Whether the basket is still there."""
        return self.etat in A_VENIR_CHERCHER

    @property
    def attendu(self) -> bool:
        """Whether its family may still come for it."""
        return self.reste and not self.a_donner


def jour_de_retrait(session: Session, today: date) -> Jour | None:
    """The week to hand out today, else the next one closed, else the last one: late-comers come the day after."""
    last = select(Semaine).where(Semaine.retrait_le <= today).order_by(Semaine.retrait_le.desc()).limit(1)
    week = semaine_du_jour(session, today) or session.scalars(last).one_or_none()
    return Jour(week.id, week.code, week.retrait_le, week.etat) if week is not None else None


def attend(session: Session, foyer_id: int, maison_ids: Collection[int] | None, today: date) -> bool:
    """Whether a basket of the household is handed out that week at one of these maisons (None: anywhere)."""
    week = jour_de_retrait(session, today)
    if week is None:
        return False
    here = true() if maison_ids is None else Panier.maison_id.in_(maison_ids)
    expected = select(Panier.id).where(Panier.foyer_id == foyer_id, Panier.semaine_id == week.semaine_id, here)
    return session.scalar(expected.limit(1)) is not None


def au_rendez_vous(session: Session, lieu: Place, jour: Jour) -> tuple[Place, Jour]:
    """The maison and the day as this maison really hands out that week: another day, other hours, or none."""
    rdv = rendez_vous(session, jour, lieu.id)
    chez = session.get_one(Maison, rdv.maison_id).nom if rdv.ailleurs else ""
    return (
        replace(lieu, debut=rdv.debut, fin=rdv.fin),
        replace(jour, retrait_le=rdv.jour, annulee=rdv.annulee, motif=rdv.motif, chez=chez),
    )


def places(session: Session, semaine_id: int | None, maison_ids: Collection[int] | None) -> list[Place]:
    """The maisons where the person works (None: all), by name, with how far each one's day has come."""
    here = true() if maison_ids is None else Maison.id.in_(maison_ids)
    counted = and_(Panier.maison_id == Maison.id, Panier.semaine_id == semaine_id, Panier.etat != EtatPanier.ANNULE)
    rows = session.execute(
        select(
            Maison.id,
            Maison.nom,
            Maison.retrait_debut,
            Maison.retrait_fin,
            func.count(Panier.id),
            func.count(Panier.id).filter(Panier.etat == EtatPanier.REMIS),
        )
        .outerjoin(Panier, counted)
        .where(here, Maison.active | (Panier.id.is_not(None)))
        .group_by(Maison.id)
        .order_by(Maison.nom)
    )
    return [Place(*row) for row in rows]


def attendus(session: Session, semaine_id: int, maison_id: int) -> list[Attendu]:
    """The whole day's list of a maison, by family name. One query."""
    referent = aliased(Membre)
    names = (
        select(func.string_agg(Membre.nom_plie, "|"))
        .where(Membre.foyer_id == Panier.foyer_id)
        .correlate(Panier)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Panier.id,
            Panier.numero,
            func.coalesce(referent.prenom, ""),
            func.coalesce(referent.nom, Foyer.nom),
            Panier.nombre,
            Panier.etat,
            _remis_le(),
            func.concat(Foyer.nom_plie, "|", names),
            Panier.a_donner,
        )
        .join(Foyer, Foyer.id == Panier.foyer_id)
        .outerjoin(referent, (referent.foyer_id == Foyer.id) & referent.referent)
        .where(Panier.semaine_id == semaine_id, Panier.maison_id == maison_id, Panier.etat != EtatPanier.ANNULE)
        .order_by(Foyer.nom_plie, referent.prenom, Panier.numero)
    )
    return [Attendu(*row) for row in rows]


def _remis_le() -> ScalarSelect[datetime]:
    """When the basket was last handed out; of use only while it is `remis`."""
    return (
        select(func.max(Retrait.le))
        .where(Retrait.panier_id == Panier.id, Retrait.moyen != Moyen.ANNULATION)
        .correlate(Panier)
        .scalar_subquery()
    )


def dossier_pret(session: Session, semaine_id: int, maison_id: int) -> bool:
    """Whether the maison's dossier de distribution has been made."""
    return bool(existing(session, [cle_du_dossier(semaine_id, maison_id)]))


def cle_du_dossier(semaine_id: int, maison_id: int) -> str:
    return f"dossier:{semaine_id}:{maison_id}"

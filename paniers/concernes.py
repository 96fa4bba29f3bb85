"""Whom a decision about a hand-out concerns, and what it will do: for messages, for the list of calls, and for the page
that asks before it is done. Each by a bounded number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.models import Canal, Foyer, Membre
from kernel.clock import PARIS
from paniers.cloture import attendus
from paniers.models.distributions import Distribution, Nature, PanierDecision
from paniers.models.producteurs import Commande, Producteur
from paniers.models.semaines import EtatPanier, Panier, Semaine
from paniers.regles.etats import EtatSemaine

EN_ATTENTE = (EtatPanier.A_REMETTRE, EtatPanier.NON_RETIRE)


@dataclass(frozen=True, slots=True)
class Effet:
    """What cancelling would do now: baskets, households, centimes given back (None before prices are known).

    `courriels` and `appels` say how many households read it by e-mail, and how many are called or written to.
    `servis`: baskets already handed out there, which make it too late.
    """

    paniers: int
    foyers: int
    montant: int | None
    courriels: int
    commandees: bool
    servis: int = 0

    @property
    def appels(self) -> int:
        return self.foyers - self.courriels


@dataclass(frozen=True, slots=True)
class AAppeler:
    """A household that reads no e-mail: whom to ask for, where, and how many baskets it would have had."""

    prenom: str
    nom: str
    telephone: str | None
    maison_id: int
    nombre: int


def concernes(session: Session, decision: Distribution) -> dict[int, int]:
    """Household → the maison where it would have come, for each one that the decision concerns. One or two queries."""
    semaine = session.get_one(Semaine, decision.semaine_id)
    if decision.etat_semaine != EtatSemaine.OUVERTE:
        return _par_les_paniers(session, decision)
    # As it stood just before the decision: afterwards, what was skipped is expected no more. What is put back, just
    # after.
    moment = decision.depuis + timedelta(microseconds=1 if decision.nature == Nature.RETABLIE else 0)
    expected = attendus(session, semaine, min(moment, semaine.cloture_le))
    here = decision.maison_id
    return {row.foyer_id: row.maison_id for row in expected if here is None or row.maison_id == here}


def effet(session: Session, semaine: Semaine, maison_id: int | None, instant: datetime) -> Effet:
    """What cancelling this maison (None: the week) would do if it were done now. Three queries at most."""
    if semaine.etat == EtatSemaine.OUVERTE:
        rows = attendus(session, semaine, min(instant, semaine.cloture_le))
        here = [row for row in rows if maison_id is None or row.maison_id == maison_id]
        households = {row.foyer_id for row in here}
        return Effet(
            paniers=sum(row.nombre for row in here),
            foyers=len(households),
            montant=None,
            courriels=_par_courriel(session, households),
            commandees=False,
        )
    mine = Panier.semaine_id == semaine.id
    if maison_id is not None:
        mine &= Panier.maison_id == maison_id
    waiting = session.execute(
        select(Panier.foyer_id, func.sum(Panier.nombre), func.sum(Panier.nombre * Panier.prix))
        .where(mine, Panier.etat.in_(EN_ATTENTE))
        .group_by(Panier.foyer_id)
    ).all()
    given = session.scalar(select(func.count()).where(mine, Panier.etat.in_((EtatPanier.REMIS, EtatPanier.DONNE))))
    return Effet(
        paniers=sum(int(row[1]) for row in waiting),
        foyers=len(waiting),
        montant=sum(int(row[2]) for row in waiting),
        courriels=_par_courriel(session, {row[0] for row in waiting}),
        commandees=semaine.etat in (EtatSemaine.COMMANDEE, EtatSemaine.LIVREE),
        servis=given or 0,
    )


def a_appeler(session: Session, decision: Distribution) -> list[AAppeler]:
    """The households of the decision that read no e-mail, by maison and name. Three queries at most."""
    where = concernes(session, decision)
    counts = _combien(session, decision, where)
    rows = session.execute(
        select(Foyer.id, func.coalesce(Membre.prenom, ""), func.coalesce(Membre.nom, Foyer.nom), Foyer.telephone)
        .outerjoin(Membre, (Membre.foyer_id == Foyer.id) & Membre.referent)
        .where(Foyer.id.in_(where), Foyer.canal != Canal.EMAIL)
        .order_by(Foyer.nom_plie, Foyer.id)
    )
    return [AAppeler(prenom, nom, phone, where[key], counts.get(key, 1)) for key, prenom, nom, phone in rows]


def producteurs_a_prevenir(session: Session, semaine_id: int) -> Sequence[tuple[str, str]]:
    """(name, telephone) of the producers whose orders have gone out."""
    rows = session.execute(
        select(Producteur.nom, Producteur.telephone)
        .join(Commande, Commande.producteur_id == Producteur.id)
        .where(Commande.semaine_id == semaine_id)
        .order_by(Producteur.nom)
    )
    return [(name, phone) for name, phone in rows]


def proche(semaine: Semaine, instant: datetime) -> bool:
    """Whether a letter would come too late: the cut-off is past, or the hand-out is within four days."""
    near = semaine.retrait_le - instant.astimezone(PARIS).date() <= timedelta(days=4)
    return near or instant >= semaine.cloture_le


def _par_les_paniers(session: Session, decision: Distribution) -> dict[int, int]:
    if decision.nature in (Nature.ANNULEE, Nature.ACCUEILLIE):
        reached = (
            select(Panier.foyer_id, PanierDecision.de_maison_id)
            .join(PanierDecision, PanierDecision.panier_id == Panier.id)
            .where(PanierDecision.distribution_id == decision.id)
        )
    else:
        reached = select(Panier.foyer_id, Panier.maison_id).where(
            Panier.semaine_id == decision.semaine_id, Panier.etat.in_(EN_ATTENTE)
        )
        if decision.maison_id is not None:
            reached = reached.where(Panier.maison_id == decision.maison_id)
    return dict(session.execute(reached).all())


def _combien(session: Session, decision: Distribution, foyers: dict[int, int]) -> dict[int, int]:
    """Baskets of each household that week; none before the closing."""
    rows = session.execute(
        select(Panier.foyer_id, func.sum(Panier.nombre))
        .where(Panier.semaine_id == decision.semaine_id, Panier.foyer_id.in_(foyers))
        .group_by(Panier.foyer_id)
    )
    return {foyer_id: int(count) for foyer_id, count in rows}


def _par_courriel(session: Session, foyers: set[int]) -> int:
    count = select(func.count()).where(Foyer.id.in_(foyers), Foyer.canal == Canal.EMAIL)
    return session.scalar(count) or 0

"""Histories of a week: what families and agents do around a cut-off, and what the closing made of it.

An event is a minute before or after the cut-off, a household, and something that the pages let people do. A history is
played in one transaction that is never committed, so that the same rows may be closed punctually, then late.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from foyers.dossiers import declarer_qf, refuser_qf, verifier_qf
from foyers.models import JustificatifQF
from kernel import clock
from kernel.errors import Refus
from paniers.abonnements import changer_maison, lever_pause, mettre_en_pause, quitter, souscrire
from paniers.choix import choisir
from paniers.cloture import cloturer
from paniers.distributions import decider
from paniers.models.distributions import Distribution, Nature
from paniers.models.semaines import NatureChoix, Pause, Semaine
from paniers.semaines import DELAI_DE_CLOTURE
from paniers.versions import en_cours
from tests import fabriques
from tests.paniers.bourg import Bourg, batir

FOYERS = 6
EN_RETARD = timedelta(days=3)


@dataclass(frozen=True)
class Evenement:
    """`minute` counts from the cut-off (negative: before); `valeur` is drawn for whatever the event needs."""

    minute: int
    foyer: int
    geste: str
    valeur: int = 0


@dataclass
class Scene:
    """A place with households, and the session in which it is played."""

    session: Session
    bourg: Bourg
    foyers: list[int]
    refus: list[str] = field(default_factory=list)

    def jouer(self, evenements: Iterable[Evenement]) -> None:
        """Play them at their instants; what the pages would refuse is refused, and noted."""
        for event in sorted(evenements, key=lambda event: event.minute):
            at = self.bourg.apres(minutes=event.minute)
            clock.set_now(at)
            try:
                with self.session.begin_nested():
                    GESTES[event.geste](self, self.foyers[event.foyer % len(self.foyers)], at, event.valeur)
                    self.session.flush()
            except Refus as refus:
                self.refus.append(f"{event.geste} : {refus.sentence}")

    def abonnement(self, foyer: int) -> int:
        version = en_cours(self.session, foyer, self.bourg.retrait_le)
        if version is None:
            raise Refus("Pas d’abonnement.")
        return version.abonnement_id

    def cloturer(self, instant: datetime) -> dict[str, Any]:
        """Close at `instant` and tell all that came of it; then it has not been."""
        clock.set_now(instant)
        closing = self.session.begin_nested()
        cloturer(self.session, self.bourg.semaine, instant=instant)
        made = bilan_de(self.session, self.bourg.semaine)
        closing.rollback()
        self.session.expire_all()
        return made

    def a_l_heure(self) -> dict[str, Any]:
        return self.cloturer(self.bourg.cloture_le + DELAI_DE_CLOTURE)

    def en_retard(self) -> dict[str, Any]:
        return self.cloturer(self.bourg.cloture_le + EN_RETARD)

    def en_retard_au_present(self) -> dict[str, Any]:
        """The closing that nobody wants: what it reads is the present, not the cut-off."""
        moved = self.session.begin_nested()
        late = self.bourg.cloture_le + EN_RETARD
        week = update(Semaine).where(Semaine.id == self.bourg.semaine)
        self.session.execute(week.values(cloture_le=late - DELAI_DE_CLOTURE, commande_le=late + EN_RETARD))
        self.session.expire_all()
        made = self.cloturer(late)
        moved.rollback()
        self.session.expire_all()
        return {key: rows for key, rows in made.items() if key != "ecritures"}


def planter(session: Session, retrait_le: date, *, graine: int = 0) -> Scene:
    """A place whose households differ: proofs, pauses, wishes, one or two baskets, terms that begin or end."""
    rng = random.Random(graine)
    bourg = batir(session, retrait_le, semaines=3)
    clock.set_now(bourg.avant(days=40))
    foyers = []
    for number in range(FOYERS):
        foyer = fabriques.foyer(session, maison_id=bourg.maisons[number % 2]).id
        foyers.append(foyer)
        if number:  # the first has no subscription yet
            terms = {"debut": retrait_le - timedelta(weeks=10), "fin": retrait_le + timedelta(weeks=10)}
            fabriques.abonnement(session, foyer, bourg.maisons[number % 2], nombre=1 + number % 2, **terms)
        if number % 3:
            valid = retrait_le + timedelta(days=rng.choice((-1, 0, 200)))
            fabriques.quotient(session, foyer, rng.choice((300, 700, 1200)), valide_jusqu_au=valid)
    return Scene(session, bourg, foyers)


def bilan_de(session: Session, semaine_id: int) -> dict[str, Any]:
    """Everything a closing writes, told without the keys that the database draws and the hour at which it ran."""
    queries = {
        "paniers": "SELECT abonnement_id, foyer_id, maison_id, nombre, numero, prix, tranche, cout, etat, a_donner"
        " FROM panier WHERE semaine_id = :s",
        "ecritures": "SELECT p.abonnement_id, e.jour, e.libelle, m.compte, m.foyer_id, m.tiers, m.montant"
        " FROM panier p JOIN ecriture e ON e.cle = 'panier:' || p.id JOIN mouvement m ON m.ecriture_id = e.id"
        " WHERE p.semaine_id = :s",
        "comptes": "SELECT foyer_id, sum(montant) FROM mouvement WHERE compte = 'foyer' GROUP BY 1",
        "echeances": "SELECT e.foyer_id, e.cle, e.libelle, e.montant FROM echeance e"
        " JOIN semaine s ON s.code = e.cle WHERE s.id = :s",
        "etat": "SELECT etat FROM semaine WHERE id = :s",
    }
    return {
        what: sorted((tuple(row) for row in session.execute(text(query), {"s": semaine_id})), key=repr)
        for what, query in queries.items()
    }


def _qf(scene: Scene, foyer: int, at: datetime, valeur: int) -> None:
    declarer_qf(scene.session, foyer, (150, 600, 1000, 2000)[valeur % 4], at.date() - timedelta(days=31), None, le=at)


def _traiter(scene: Scene, foyer: int) -> int:
    waiting = scene.session.scalars(
        select(JustificatifQF.id)
        .where(
            JustificatifQF.foyer_id == foyer, JustificatifQF.verifie_le.is_(None), JustificatifQF.refuse_le.is_(None)
        )
        .order_by(JustificatifQF.id)
        .limit(1)
    ).first()
    if waiting is None:
        raise Refus("Rien à vérifier.")
    return waiting


def _verifier(scene: Scene, foyer: int, at: datetime, valeur: int) -> None:
    until = at.date() + timedelta(days=(1, 4, 300)[valeur % 3])
    verifier_qf(scene.session, _traiter(scene, foyer), agent=None, valide_jusqu_au=until, le=at)


def _refuser(scene: Scene, foyer: int, at: datetime, valeur: int) -> None:
    refuser_qf(scene.session, _traiter(scene, foyer), agent=None, le=at)


def _pause(scene: Scene, foyer: int, at: datetime, valeur: int) -> None:
    du = scene.bourg.retrait_le + timedelta(days=7 * (valeur % 3 - 1))
    au = du + timedelta(days=7 * (valeur % 2))
    mettre_en_pause(scene.session, scene.abonnement(foyer), du=du, au=au, instant=at)


def _lever(scene: Scene, foyer: int, at: datetime, valeur: int) -> None:
    laid = select(Pause.id).where(Pause.abonnement_id == scene.abonnement(foyer), Pause.levee_le.is_(None))
    pause = scene.session.scalars(laid.order_by(Pause.id).limit(1)).first()
    if pause is None:
        raise Refus("Pas de pause.")
    lever_pause(scene.session, pause, instant=at)


def _maison(scene: Scene, foyer: int, at: datetime, valeur: int) -> None:
    where = scene.bourg.maisons[valeur % 2]
    changer_maison(scene.session, scene.abonnement(foyer), maison_id=where, instant=at)


def _quitter(scene: Scene, foyer: int, at: datetime, valeur: int) -> None:
    quitter(scene.session, scene.abonnement(foyer), instant=at)


def _souscrire(scene: Scene, foyer: int, at: datetime, valeur: int) -> None:
    where = scene.bourg.maisons[valeur % 2]
    souscrire(scene.session, foyer_id=foyer, maison_id=where, nombre=1 + valeur % 2, instant=at)


def _choisir(scene: Scene, foyer: int, at: datetime, valeur: int) -> None:
    nature = list(NatureChoix)[valeur % 4]
    where = scene.bourg.maisons[valeur % 2]
    choisir(scene.session, scene.abonnement(foyer), scene.bourg.semaine, nature, maison_id=where, instant=at)


def _decider(scene: Scene, at: datetime, rang: int, **decision: Any) -> None:
    """A decision about a hand-out, as it lands in the table: before the cut-off it counts, after it no more."""
    week = scene.session.get_one(Semaine, scene.bourg.semaine)
    made = Distribution(maison_id=scene.bourg.maisons[rang % 2], motif="neige", **decision)
    decider(scene.session, week, made, at)


def _sauter(scene: Scene, foyer: int, at: datetime, valeur: int) -> None:
    _decider(scene, at, valeur, nature=Nature.ANNULEE)


def _accueillir(scene: Scene, foyer: int, at: datetime, valeur: int) -> None:
    _decider(scene, at, valeur, nature=Nature.ACCUEILLIE, chez_id=scene.bourg.maisons[(valeur + 1) % 2])


def _deplacer(scene: Scene, foyer: int, at: datetime, valeur: int) -> None:
    _decider(scene, at, valeur, nature=Nature.DEPLACEE, jour=scene.bourg.retrait_le + timedelta(days=valeur % 3 - 1))


def _retablir(scene: Scene, foyer: int, at: datetime, valeur: int) -> None:
    _decider(scene, at, valeur, nature=Nature.RETABLIE)


GESTES: dict[str, Callable[[Scene, int, datetime, int], None]] = {
    "déclarer un quotient": _qf,
    "vérifier un quotient": _verifier,
    "refuser un quotient": _refuser,
    "poser une pause": _pause,
    "lever une pause": _lever,
    "changer de maison": _maison,
    "quitter": _quitter,
    "souscrire": _souscrire,
    "choisir": _choisir,
    "sauter une maison": _sauter,
    "accueillir ailleurs": _accueillir,
    "déplacer": _deplacer,
    "rétablir": _retablir,
}


def raconter(session: Session, retrait_le: date, evenements: Sequence[Evenement], *, graine: int = 0) -> Scene:
    """The scene once everything up to the cut-off has happened, for a punctual closing runs a minute after it; `apres`
    of the rest is for the caller."""
    scene = planter(session, retrait_le, graine=graine)
    scene.jouer(event for event in evenements if event.minute <= 0)
    return scene


def apres(evenements: Sequence[Evenement]) -> list[Evenement]:
    return [event for event in evenements if event.minute > 0]


def jamais_ecrit(session: Session) -> None:
    """Forget all that this session did."""
    with suppress(Exception):
        session.rollback()
    clock.set_now(None)

"""A rush on a maison's last places: what people do in it, how many at once, and what the maison holds."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from kernel import clock
from kernel.db import transaction
from paniers import horaires
from paniers.abonnements import changer_maison, changer_nombre, quitter, souscrire
from paniers.attente import accepter_place, rejoindre_attente
from paniers.choix import choisir
from paniers.models.semaines import NatureChoix
from paniers.places import Occupation, occupations
from paniers.verifications import places as verifications_places
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg
from tests.patience import Geste, PasDeConnexion, insister

DERNIERES = 20
ECHEANCIERS = 2
LE_PLUS_LONG_SECONDES = 240


@dataclass(frozen=True, slots=True)
class Ruee:
    """How each client's act ended, and what the maison held whenever somebody looked."""

    issues: list[object] = field(default_factory=list)
    vues: list[Occupation] = field(default_factory=list)


def tenues(maison: int) -> Occupation:
    with transaction() as session:
        return occupations(session, JEUDI)[maison]


def verifier(instant: datetime) -> list[str]:
    clock.set_now(instant + verifications_places.GRACE)
    with transaction() as session:
        return verifications_places.verifier(session)


def trop_pleine(held: Occupation) -> bool:
    """Whether more is promised than there is room for."""
    return held.abonnes + held.offertes + max(held.visites.values(), default=0) > held.places


def ruee(bourg: Bourg, combien: int, graine: int, offres: int = 0) -> tuple[int, list[Geste]]:
    """A maison with twenty places left, and what `combien` people do at the same instant: two in three subscribe, some
    through an agent; others join the list, leave, move here, come for a week, take a second basket. Of the places that
    `offres` more people were offered, every second is overdue; the others accept."""
    rng = random.Random(graine)
    with transaction() as session:
        house = fabriques.maison(session, places=DERNIERES + 5 + offres).id
        agent = fabriques.compte(session, maisons=()).id
        inside = [fabriques.abonnement(session, fabriques.foyer(session).id, house).id for _ in range(5)]
        outside = [fabriques.abonnement(session, fabriques.foyer(session).id, bourg.maisons[0]).id for _ in range(8)]
        families = [fabriques.foyer(session, maison_id=house).id for _ in range(combien - 13 - (offres + 1) // 2)]
        at = bourg.avant(hours=5)
        offered = [_offrir(session, house, at - timedelta(hours=1 + 71 * (rank % 2))) for rank in range(offres)]

    def subscribe(foyer: int, nombre: int, par: int | None) -> Geste:
        return lambda s: souscrire(s, foyer_id=foyer, maison_id=house, nombre=nombre, instant=at, par=par)

    def wait(foyer: int, nombre: int) -> Geste:
        return lambda s: rejoindre_attente(s, foyer_id=foyer, maison_id=house, nombre=nombre, instant=at)

    acts: list[Geste] = [
        subscribe(foyer, rng.choice((1, 1, 2)), rng.choice((None, agent)))
        if rng.random() < 0.7
        else wait(foyer, rng.choice((1, 2)))
        for foyer in families
    ]
    acts += [partial(quitter, abonnement_id=one, instant=at) for one in inside[:3]]
    acts += [partial(changer_nombre, abonnement_id=one, nombre=2, instant=at) for one in inside[3:]]
    acts += [partial(changer_maison, abonnement_id=one, maison_id=house, instant=at) for one in outside[:4]]
    visit = partial(choisir, semaine_id=bourg.semaine, nature=NatureChoix.AUTRE_MAISON, maison_id=house, instant=at)
    acts += [partial(visit, abonnement_id=one) for one in outside[4:]]
    acts += [partial(accepter_place, attente_id=one, instant=at) for one in offered[::2]]
    rng.shuffle(acts)
    return house, acts


def _offrir(session: Session, maison: int, offerte_le: datetime) -> int:
    who = fabriques.foyer(session).id
    before = offerte_le - timedelta(days=9)
    return fabriques.attente(session, who, maison, depuis=before, offerte_le=offerte_le).id


def a_la_fois(gestes: Sequence[Geste], maison: int, instant: datetime) -> Ruee:
    """All clients at once, a thread each, on the few connections of this process's pool, while timetables offer places
    and take overdue ones back, and somebody looks on. Whoever finds no connection in time asks again, as people do."""
    rush, over = Ruee(), threading.Event()
    gate = threading.Barrier(len(gestes))

    def client(geste: Geste) -> None:
        gate.wait(LE_PLUS_LONG_SECONDES)
        rush.issues.append(insister(geste))

    def repeat(act: Callable[[], object]) -> None:
        while not over.is_set():
            try:
                act()
            except PasDeConnexion:
                continue
            time.sleep(0.05)

    beside = [partial(repeat, partial(horaires.proposer_les_places, instant)) for _ in range(ECHEANCIERS)]
    beside.append(partial(repeat, lambda: rush.vues.append(tenues(maison))))
    others = [threading.Thread(target=act, daemon=True) for act in beside]
    clients = [threading.Thread(target=client, args=(geste,), daemon=True) for geste in gestes]
    for thread in (*others, *clients):
        thread.start()
    for thread in clients:
        thread.join(LE_PLUS_LONG_SECONDES)
    over.set()
    for thread in others:
        thread.join(LE_PLUS_LONG_SECONDES)
    return rush

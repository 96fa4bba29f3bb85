"""A rush on an outing's last seats: what groups do in it, all at one instant, and what the outing holds meanwhile."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import cycle

from sqlalchemy import text
from sqlalchemy.orm import Session

from culture import attente
from culture.attente import accepter, laisser
from culture.inscriptions import annuler, inscrire
from kernel.db import transaction
from kernel.errors import Refus
from tests.culture.bourg import Gens, Saison
from tests.culture.test_inscriptions import tenues
from tests.patience import Geste, PasDeConnexion, insister

LE_PLUS_LONG_SECONDES = 300
AUTOUR = 3

# Who waits, or is offered seats, and has only some of those asked for together.
PARTAGEES = (
    "SELECT count(*) FROM inscription i WHERE etat IN ('offerte', 'en_attente') AND EXISTS"
    " (SELECT FROM place_sortie p WHERE p.inscription_id = i.id AND p.annulee_le IS NOT NULL)"
)
OFFERTE = text("SELECT id FROM inscription WHERE etat = 'offerte' ORDER BY id LIMIT 1")
NOMBREUSE = text(
    "SELECT i.id, max(p.id) FROM inscription i JOIN place_sortie p ON p.inscription_id = i.id AND p.annulee_le IS NULL"
    " WHERE i.etat = 'confirmee' GROUP BY i.id HAVING count(*) > 1 ORDER BY random() LIMIT 1"
)


@dataclass(slots=True)
class Ruee:
    """How each client's act ended; what was seen meanwhile: seats held, groups split; how often others acted."""

    issues: list[object] = field(default_factory=list)
    tenues: list[int] = field(default_factory=list)
    partagees: list[int] = field(default_factory=list)
    autour: Counter[str] = field(default_factory=Counter)

    @property
    def fautes(self) -> list[object]:
        """What went wrong otherwise than by a "no" that is told: a deadlock among them."""
        return [one for one in self.issues if isinstance(one, Exception) and not isinstance(one, Refus)]


def demander(season: Saison, who: Gens, at: datetime, *, attendre: bool) -> Geste:
    def act(session: Session) -> tuple[int, int]:
        """The booking or the request, and for how many."""
        people = who.personnes()
        given = {"sortie_id": season.sortie, "foyer_id": who.foyer, "instant": at, "attendre": attendre}
        return inscrire(session, personnes=people, **given).id, len(people)  # type: ignore[arg-type]

    return act


def rendre(inscription_id: int, at: datetime, *, combien: int | None) -> Geste:
    """Give back so many seats of a booking; None: all."""

    def act(session: Session) -> None:
        held = attente.places_tenues(session, inscription_id)
        annuler(session, inscription_id, places=[one.id for one in held[:combien]], instant=at)

    return act


def a_la_fois(season: Saison, gestes: Sequence[Geste], at: datetime) -> Ruee:
    """All clients at once, a thread each, on the few connections of this process's pool. Meanwhile timetables serve the
    list, who is offered seats takes or leaves them, bookings give one back, and somebody looks on."""
    rush, over, gate = Ruee(), threading.Event(), threading.Barrier(len(gestes))

    def client(geste: Geste) -> None:
        gate.wait(LE_PLUS_LONG_SECONDES)
        rush.issues.append(insister(geste))

    def repeat(name: str, act: Callable[[], object]) -> None:
        while not over.is_set():
            done = _une_fois(act)
            if isinstance(done, Exception):
                rush.issues.append(done)
            rush.autour[name] += bool(done)
            time.sleep(0.05)

    answers = cycle((accepter, laisser, accepter))
    beside = {
        "regards": partial(_regarder, season, rush),
        "reponses": lambda: _repondre(next(answers), at),
        "rendues": lambda: _rendre_une(at),
    }
    acts = [*list(beside.items()) * AUTOUR, *[("servies", lambda: attente.servir_ce_qui_est_libre(at) >= 0)] * AUTOUR]
    others = [threading.Thread(target=repeat, args=pair, daemon=True) for pair in acts]
    clients = [threading.Thread(target=client, args=(one,), daemon=True) for one in gestes]
    for thread in (*others, *clients):
        thread.start()
    for thread in clients:
        thread.join(LE_PLUS_LONG_SECONDES)
    over.set()
    for thread in others:
        thread.join(LE_PLUS_LONG_SECONDES)
    return rush


def tailles(graine: int, combien: int) -> list[int]:
    draw = random.Random(graine)
    return [draw.randint(1, 6) for _ in range(combien)]


def _regarder(season: Saison, rush: Ruee) -> bool:
    rush.tenues.append(tenues(season))
    with transaction() as session:
        rush.partagees.append(int(session.execute(text(PARTAGEES)).scalar_one()))
    return True


def _repondre(answer: Callable[..., object], at: datetime) -> bool:
    with transaction() as session:
        offered = session.scalar(OFFERTE)
        if offered is not None:
            answer(session, offered, instant=at)
        return offered is not None


def _rendre_une(at: datetime) -> bool:
    with transaction() as session:
        found = session.execute(NOMBREUSE).first()
        if found is not None:
            annuler(session, found[0], places=[found[1]], instant=at)
        return found is not None


def _une_fois(act: Callable[[], object]) -> object:
    """What it returned; nothing when there was no connection, or when it was told "no"; an error as itself."""
    try:
        return act()
    except (PasDeConnexion, Refus):
        return None
    except Exception as error:  # noqa: BLE001  (it is how it ended)
        return error

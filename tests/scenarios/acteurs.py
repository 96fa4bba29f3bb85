"""Facts and actors of the tests, on the same runtime as the real ones; `dramatiq tests.scenarios.acteurs` loads them.

What an actor does is written down in tables of the test's own database: `essai_debut` as soon as it starts, whatever
becomes of it, and `essai_effet` in its transaction. Nothing there is unique, so that doubles show.

A child process is turned by its environment: ESSAI_BAIL (seconds), ESSAI_ATTENTES (back-off, seconds) and ESSAI_SANS,
which names the guards to take away.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from kernel import deliveries, mail
from kernel.db import transaction
from kernel.deliveries import Taken
from kernel.mail import MailQueued
from kernel.outbox import Delivery, Fact
from tests.scenarios.faits import ArgentDu, BombePosee, CourrielDu, DocumentDu, PoisonVerse
from workers import courriels, runtime
from workers.runtime import ARGENT, COURRIEL, DOCUMENTS, Actor

envoyer = mail.send
SANS = frozenset(os.environ.get("ESSAI_SANS", "").split(","))


def regler() -> None:
    """Turn this process as its environment says."""
    if bail := os.environ.get("ESSAI_BAIL"):
        deliveries.LEASE_SECONDS = float(bail)
    if attentes := os.environ.get("ESSAI_ATTENTES"):
        deliveries.BACKOFF_SECONDS = tuple(float(one) for one in attentes.split(","))
    if "retour" in SANS:  # what was sent is never sent again
        deliveries.LEASE_SECONDS = 3600.0
    if "coeur" in SANS:
        deliveries.renew = lambda session, held: None
    if "jeton" in SANS:  # whoever holds an id may finish it
        deliveries._held = lambda: (Delivery.id == bindparam("held_id"),)
        deliveries._holder = lambda taken: {"held_id": taken.id}
    if "apres_envoi" in os.environ.get("ESSAI_TUER", ""):
        mail.send = envoyer_puis_mourir
    if "mise_de_cote" in SANS:
        deliveries.park_exhausted = lambda session: []
        deliveries.BACKOFF_SECONDS = (0.1,) * 1000


def envoyer_puis_mourir(message: EmailMessage) -> None:
    """The server has said 250; the worker dies before it can say so. The next one lives."""
    envoyer(message)
    mort = Path(os.environ["VAR_DIR"], "mort")
    if not mort.exists():
        mort.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def debuter(numero: int) -> int:
    """Write down that work began; returns how often it has."""
    with transaction() as session:
        session.execute(text("INSERT INTO essai_debut VALUES (:numero, :pid)"), {"numero": numero, "pid": os.getpid()})
        return int(
            session.execute(text("SELECT count(*) FROM essai_debut WHERE numero = :n"), {"n": numero}).scalar_one()
        )


def noter(session: Session, numero: int) -> None:
    session.execute(text("INSERT INTO essai_effet VALUES (:numero, :pid)"), {"numero": numero, "pid": os.getpid()})


def local(queue: str) -> Callable[[Callable[[Session, Any], None]], Actor]:
    """The runtime's own, or what it would be without its one transaction."""
    if "transaction" in SANS:
        return _effect_then_finish(queue)
    if "fin_apres" in SANS:
        return _finish_then_effect(queue)
    return runtime.local(queue, lease=120)


def _effect_then_finish(queue: str) -> Callable[[Callable[[Session, Any], None]], Actor]:
    def wrap(effect: Callable[[Session, Any], None]) -> Actor:
        def work(taken: Taken) -> None:
            with transaction() as session:
                effect(session, taken.fact)
            time.sleep(taken.payload.get("millis", 0) / 1000)
            with transaction() as session:
                deliveries.finish(session, taken)

        return runtime._actor(effect.__name__, queue, work, 120)

    return wrap


def _finish_then_effect(queue: str) -> Callable[[Callable[[Session, Any], None]], Actor]:
    def wrap(effect: Callable[[Session, Any], None]) -> Actor:
        def work(taken: Taken) -> None:
            with transaction() as session:
                deliveries.finish(session, taken)
            with transaction() as session:
                effect(session, taken.fact)

        return runtime._actor(effect.__name__, queue, work, 120)

    return wrap


@local(ARGENT)
def encaisser(session: Session, fact: ArgentDu) -> None:
    time.sleep(fact.millis / 1000)
    noter(session, fact.numero)


@local(DOCUMENTS)
def imprimer(session: Session, fact: DocumentDu) -> None:
    """Slow, the first time it is tried."""
    if fact.millis and debuter(fact.numero) == 1:
        time.sleep(fact.millis / 1000)
    noter(session, fact.numero)


@local(COURRIEL)
def poster(session: Session, fact: CourrielDu) -> None:
    time.sleep(fact.millis / 1000)
    noter(session, fact.numero)


@local(COURRIEL)
def empoisonner(session: Session, fact: PoisonVerse) -> None:
    """Fails until there is an antidote."""
    noter(session, fact.numero)
    if not Path(os.environ["VAR_DIR"], "antidote").exists():
        raise RuntimeError("poison")


@local(COURRIEL)
def exploser(session: Session, fact: BombePosee) -> None:
    """Kills its worker until there is an antidote, as a lack of memory would."""
    if not Path(os.environ["VAR_DIR"], "antidote").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    noter(session, fact.numero)


CIRCUIT: dict[type[Fact], tuple[Actor, ...]] = {
    ArgentDu: (encaisser,),
    DocumentDu: (imprimer,),
    CourrielDu: (poster,),
    PoisonVerse: (empoisonner,),
    BombePosee: (exploser,),
    MailQueued: (courriels.envoyer_courriel,),
}
ROUTES = {fact.__name__: [(actor.name, actor.queue) for actor in actors] for fact, actors in CIRCUIT.items()}

if "dramatiq" in Path(sys.argv[0]).name:
    regler()

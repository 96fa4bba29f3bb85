"""A process that forks whoever is to be killed, so that a crash costs milliseconds.

It reads lines "role number guard" from the pipe ESSAI_DEMANDES, forks a child that plays that role once, and answers
in ESSAI_REPONSES with the child's pid, then with how it ended. Roles: `publier` a state and its fact, `relayer` one
turn, `travailler` on one doorbell. `guard` "sans" takes away what protects that role.

Started with the argument "secours" it is the others, who live. At the line "relayer" it relays one turn; at "finir" it
relays and works until nothing is left to do, and answers "fini"; or "perdu", when something will stay for good.
"""

import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from sqlalchemy import text

from kernel import deliveries
from kernel.db import get_engine, transaction
from kernel.deliveries import Taken
from kernel.outbox import publish
from tests.scenarios.acteurs import ROUTES, encaisser, regler
from tests.scenarios.faits import ArgentDu
from workers import relay, runtime


def publier(numero: int, guarded: bool) -> None:
    """One commit writes state and fact together; without the guard, one after the other."""
    state = text("INSERT INTO essai_etat VALUES (:numero)")
    with transaction() as session:
        session.execute(state, {"numero": numero})
        if guarded:
            publish(session, ArgentDu(numero))
    if not guarded:
        with transaction() as session:
            publish(session, ArgentDu(numero))


def relayer(numero: int, guarded: bool) -> None:
    if not guarded:  # what was marked as sent is never sent again
        deliveries.LEASE_SECONDS = 3600.0
    relay.turn(relay.lines(ROUTES))


def travailler(numero: int, guarded: bool) -> None:
    """As a Dramatiq worker does: fetch a doorbell, run the actor, acknowledge."""
    consumer = runtime.broker.consume("argent", timeout=1)
    message = next(consumer)
    if message is not None:
        actor = encaisser.doorbell
        actor(*message.args)
        consumer.ack(message)


ROLES = {"publier": publier, "relayer": relayer, "travailler": travailler}


def play(role: str, numero: int, guarded: bool) -> None:
    try:
        ROLES[role](numero, guarded)
    except BaseException:  # noqa: BLE001  (the parent must hear of anything)
        traceback.print_exc()
        os._exit(70)
    os._exit(0)


def take_over(asked: TextIO, answers: TextIO) -> None:
    left = text(
        "SELECT (SELECT count(*) FROM outbox_fact WHERE expanded_at IS NULL), count(*),"
        " count(*) FILTER (WHERE wake_at > now() + interval '1 min')"
        " FROM outbox_delivery WHERE state IN ('due', 'sent', 'taken')"
    )
    for line in asked:
        relayer(0, guarded=True)
        answer = "relaye" if line.strip() == "relayer" else ""
        while not answer:
            relayer(0, guarded=True)
            travailler(0, guarded=True)
            with transaction() as session:
                facts, deliveries_left, far = session.execute(left).one()
            answer = "perdu" if far else "" if facts or deliveries_left else "fini"
        print(answer, file=answers, flush=True)


def warm_up() -> None:
    """Compile every statement once, for all children, and leave no connection open to share with them."""
    relayer(0, guarded=True)
    travailler(0, guarded=True)
    with transaction() as session:
        deliveries.take(session, 0)
        deliveries.finish(session, Taken(0, 0, datetime.now(UTC), "", {}))
    get_engine().dispose()
    runtime.broker.client.connection_pool.disconnect()


def crash_test(asked: TextIO, answers: TextIO) -> None:
    warm_up()
    for line in asked:
        role, numero, guard = line.split()
        go, wait = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.read(go, 1)  # the wires are watched before anything is said
            play(role, int(numero), guard == "avec")
        print(pid, file=answers, flush=True)
        asked.readline()
        os.write(wait, b"!")
        os.close(go)
        os.close(wait)
        print(os.waitpid(pid, 0)[1], file=answers, flush=True)


def main() -> None:
    regler()
    runtime.BEATS_A_LEASE = 1e-6  # a heart's own words would move the points where to cut
    with Path(os.environ["ESSAI_DEMANDES"]).open() as asked, Path(os.environ["ESSAI_REPONSES"]).open("w") as answers:
        (take_over if "secours" in sys.argv else crash_test)(asked, answers)


if __name__ == "__main__":
    main()

"""A process that forks whoever is to be killed, so that a crash costs milliseconds.

It reads lines "role guard" on its standard input, forks a child that plays that role once, and answers with the child's
pid, then with how it ended. Roles: `publier` a state and its fact, `relayer` one turn, `travailler` on one doorbell.
`guard` "sans" takes away what protects that role.
"""

import os
import sys
import traceback

from sqlalchemy import text

from kernel import deliveries
from kernel.db import transaction
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


def main() -> None:
    regler()
    for line in sys.stdin:
        role, numero, guard = line.split()
        go, wait = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.read(go, 1)  # the wires are watched before anything is said
            play(role, int(numero), guard == "avec")
        print(pid, flush=True)
        sys.stdin.readline()
        os.write(wait, b"!")
        os.close(go)
        os.close(wait)
        print(os.waitpid(pid, 0)[1], flush=True)


if __name__ == "__main__":
    main()

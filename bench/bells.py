"""P6: from the commit of a fact to the start of its actor, through the real relay, Redis and worker processes.

The database says both instants by its own clock. The peer is Dramatiq alone on the same Redis, with the same workers:
no fact, no relay, nothing that outlives a crash.
"""

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import text

from bench.figures import RUNS, Figure, exponent, shown
from bench.ground import Ground, faults, ground, wait_until
from bench.processes import cpu_of, started
from demo.lancer import ROOT, worker
from demo.supervisor import Process
from kernel.db import reading, transaction
from kernel.outbox import Fact, publish

figure = partial(Figure, "P6")
BARE_QUEUE = "nu"
WORKERS, THREADS = 2, 4
LONGEST_SECONDS = 300.0
IDLE_EVERY = 0.05
RATE, A_TIME = 1000, 10
"""Facts a second of the busy house, published ten in a transaction."""


@dataclass(frozen=True, slots=True)
class ClocheTiree(Fact):
    """Somebody pulled the bell: a fact of the bench's own."""

    numero: int


@dataclass(frozen=True, slots=True)
class Rung:
    """Seconds from the commit to the actor, sorted, on an idle house and under a thousand facts a second; deliveries a
    second of a flood; CPU of one, in seconds, of relay and workers."""

    idle: list[float]
    busy: list[float]
    flood: float
    cpu: float
    faults: int


@dataclass(frozen=True, slots=True)
class Bare:
    idle: list[float]
    flood: float


def p95(seconds: list[float]) -> float:
    ordered = sorted(seconds)
    return ordered[round(0.95 * (len(ordered) - 1))]


def ringing(under: Ground, flood: int, runs: int = RUNS, *, idle: int = 100, busy_seconds: float = 4) -> Rung:
    under.open(f"bells_{flood}")
    with under.running(Process("relais", (sys.executable, "-m", "bench.bell"), rank=0), *_workers()):
        _pull(20)
        _wait_for(20)
        alone = _spread(idle)
        many = _paced(busy_seconds)
        busy = started("bench.bell")
        cpu, rates = sum(map(cpu_of, busy)), []
        for _ in range(runs):
            start, before = time.perf_counter(), _done()
            _pull(flood)
            _wait_for(before + flood)
            rates.append(flood / (time.perf_counter() - start))
        cpu = (sum(map(cpu_of, busy)) - cpu) / (runs * flood)
    return Rung(alone, many, statistics.median(rates), cpu, faults())


def _workers() -> list[Process]:
    """Two processes of the queue of money, on the bench's actors."""
    made = [worker(f"ouvrier-{number}", "argent", BARE_QUEUE, threads=THREADS) for number in range(WORKERS)]
    return [replace(one, command=[w.replace("workers.main", "bench.bell") for w in one.command]) for one in made]


def _pull(times: int) -> None:
    with transaction() as session:
        publish(session, *(ClocheTiree(number) for number in range(times)))


def _spread(times: int) -> list[float]:
    """One fact after another, with time between them; their seconds."""
    first = _done()
    for _ in range(times):
        _pull(1)
        time.sleep(IDLE_EVERY)
    _wait_for(first + times)
    return _seconds(times)


def _paced(seconds: float) -> list[float]:
    """A thousand facts a second, whatever becomes of them; their seconds once all are done."""
    first, start, times = _done(), time.perf_counter(), round(seconds * RATE / A_TIME)
    for number in range(times):
        time.sleep(max(0.0, start + number * A_TIME / RATE - time.perf_counter()))
        _pull(A_TIME)
    _wait_for(first + times * A_TIME)
    return _seconds(times * A_TIME)


def _done() -> int:
    with reading() as session:
        done = session.execute(text("SELECT count(*) FROM outbox_delivery WHERE state = 'done'")).scalar_one()
    return int(done)


def _wait_for(done: int) -> None:
    wait_until(lambda: _done() >= done, LONGEST_SECONDS, "deliveries", every=0.05)


def _seconds(last: int) -> list[float]:
    """From writing a fact to the start of its actor, of the last ones."""
    query = text(
        "SELECT extract(epoch FROM d.started_at - f.at) FROM outbox_delivery d JOIN outbox_fact f ON f.id = d.fact_id"
        " ORDER BY f.id DESC LIMIT :last"
    )
    with reading() as session:
        return [float(seconds) for seconds in session.scalars(query, {"last": last})]


def alone(under: Ground, flood: int, runs: int = RUNS, *, idle: int = 100) -> Bare:
    """Dramatiq without facts: messages from one process to the same workers."""
    under.open("bells_alone")
    with under.running(*_workers()):
        _send(20, 0)
        spread = _send(idle, IDLE_EVERY)["seconds"]
        return Bare(spread, statistics.median(_send(flood, 0)["rate"] for _ in range(runs)))


def _send(times: int, pause: float) -> Any:
    command = [sys.executable, "-m", "bench.bell", str(times), str(pause)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)


def run(flood: int = 250) -> list[Figure]:
    with ground() as under:
        few, many = ringing(under, flood), ringing(under, 10 * flood)
        peer = alone(under, 10 * flood)
    return told(few, many, peer, 10 * flood)


def told(few: Rung, many: Rung, peer: Bare, size: int) -> list[Figure]:
    idle, busy = p95([*few.idle, *many.idle]), p95([*few.busy, *many.busy])
    return [
        figure("du fait à son acteur, maison calme, p95", idle * 1000, "ms",
               "200 facts, one every 50 ms, by PostgreSQL's clock.", most=60),
        figure("la même, 1 000 faits par seconde, p95", busy * 1000, "ms", "Four seconds; what waits counts.", most=60),
        figure(f"{shown(size)} faits d’un coup", many.flood, "/s",
               "Deliveries done: relay, Redis, two processes of four threads.", least=2000),
        figure("de N à 10 N faits, exposant", exponent(10 / few.flood, 100 / many.flood), "", "1 is in proportion.",
               most=1.05),
        figure("CPU d’une livraison", many.cpu * 1000, "ms CPU", "Relay's and workers'; the database apart."),
        figure("Dramatiq seul, calme, p95", p95(peer.idle) * 1000, "ms", "The peer: no fact, no relay."),
        figure("Dramatiq seul, d’un coup", peer.flood, "/s", "The peer: as many messages, sent one by one."),
        figure("Dramatiq seul / nous", peer.flood / many.flood, "×", "The ratio of the two."),
        figure("invariants rompus", few.faults + many.faults, "", "`flask verifier` after each.", most=0),
    ]  # fmt: skip

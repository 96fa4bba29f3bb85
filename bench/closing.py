"""P1: a week of a large town is closed and ordered in one process, while an agent's page is asked for all the time.

The floor is COPY: the very rows that a closing has written go once more into the same tables, with all that these
refuse and check, in a copy of the town as it was before.
"""

import itertools
import multiprocessing
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import text

from bench import town
from bench.clients import Asked, Heard, get, paced
from bench.figures import RUNS, Figure, exponent, shown
from bench.ground import Ground, copied, faults, ground
from bench.processes import cpu_of, peak_memory, watching
from kernel.clock import now, today
from kernel.db import get_engine, transaction
from paniers.cloture import cloturer
from paniers.commandes import commander

figure = partial(Figure, "P1")
ASKED_A_SECOND = 10.0
NAMES = ("benali", "martin+b", "diallo", "awa+n", "petit+s")
WRITTEN = {
    "panier": "semaine_id = {week}",
    "ecriture": "id > {ecriture}",
    "mouvement": "ecriture_id > {ecriture}",
    "echeance": "id > {echeance}",
    "paiement": "id > {paiement}",
    "outbox_fact": "id > {outbox_fact}",
}
"""What a closing writes, in the order of its keys: which rows of each table are new."""


@dataclass(frozen=True, slots=True)
class Closed:
    """What one closing took: seconds of wall clock, of CPU here and in the database, bytes of both; then the orders."""

    baskets: int
    wall: float
    cpu: float
    database_cpu: float
    database_memory: int
    orders: float


def close(week_id: int) -> Closed:
    """Close a week and order for it, as the timetable does, each in a transaction of its own."""
    get_engine().dispose()
    with transaction() as session:
        backend = int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())
    # One connection, so it is the same backend in what follows.
    start, cpu, database = time.perf_counter(), time.process_time(), cpu_of(backend)
    with watching(backend) as memory:
        with transaction() as session:
            done = cloturer(session, week_id, instant=now())
        wall, cpu, database = time.perf_counter() - start, time.process_time() - cpu, cpu_of(backend) - database
    start = time.perf_counter()
    with transaction() as session:
        commander(session, week_id, instant=now())
    return Closed(done.paniers, wall, cpu, database, memory.peak, time.perf_counter() - start)


@dataclass(frozen=True, slots=True)
class Closings:
    """A town's closings, the agent's page meanwhile, COPY's seconds, and the invariants that do not hold."""

    done: list[Closed]
    peak: int
    page: Heard
    copies: list[float]
    faults: int

    def median(self, what: str) -> float:
        return float(statistics.median(getattr(one, what) for one in self.done))


def closings(under: Ground, households: int, runs: int = RUNS) -> Closings:
    """Close `runs` weeks of a town, after one to warm up."""
    address = under.open(f"closing_{households}")
    town.settle(address, households)
    opened = town.weeks(address, [today() + timedelta(weeks=n) for n in range(runs + 1)])
    get_engine().dispose()
    floor = copied(address, f"closing_{households}_floor")
    heard, done, copies = Heard(), [], []
    with under.site(), multiprocessing.get_context("spawn").Pool(1) as pool:
        pages = _pages()
        paced(under.ports.web, pages, rate=ASKED_A_SECOND, seconds=2, browsers=4)  # templates are compiled
        for week in opened:
            before = _last_keys(address)
            closing = pool.apply_async(close, (week.id,))
            while not closing.ready():
                heard.add(paced(under.ports.web, pages, rate=ASKED_A_SECOND, seconds=0.5, browsers=4))
            done.append(closing.get())
            copies.append(_copy(address, floor, week.id, before))
        peak = pool.apply(peak_memory)
    return Closings(done[1:], peak, heard, copies[1:], faults())


def _pages() -> Iterator[Asked]:
    """A household is looked for by name, then its page is opened; another each time."""
    cookie = town.cookie_of(town.FIRST_OF_THE_TEAM + 1)
    for number in itertools.count():
        yield get(f"/guichet/foyers?q={NAMES[number % len(NAMES)]}", cookie, wanted=b"Maison 1")
        yield get(f"/guichet/foyers/{1 + number % 400}", cookie, wanted=b"Maison")


def _last_keys(address: str) -> dict[str, int]:
    with psycopg.connect(address) as there:
        keys = {}
        for table in WRITTEN:
            row = there.execute(f"SELECT coalesce(max(id), 0) FROM {table}".encode()).fetchone()  # noqa: S608
            keys[table] = int(row[0]) if row else 0
        return keys


def _copy(address: str, floor: str, week: int, before: dict[str, int]) -> float:
    """Seconds in which COPY writes what that closing has written, in one transaction."""
    with psycopg.connect(address) as there:
        rows = {table: _read(there, table, which.format(week=week, **before)) for table, which in WRITTEN.items()}
    with psycopg.connect(floor) as there:
        start = time.perf_counter()
        for table, (columns, data) in rows.items():
            with there.cursor().copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as into:
                into.write(data)
        there.commit()
        return time.perf_counter() - start


def _read(there: psycopg.Connection[Any], table: str, which: str) -> tuple[str, bytes]:
    shown = there.execute(f"SELECT * FROM {table} LIMIT 0".encode()).description or ()  # noqa: S608
    columns = ", ".join(column.name for column in shown)
    query = f"COPY (SELECT {columns} FROM {table} WHERE {which} ORDER BY id) TO STDOUT"  # noqa: S608
    with there.cursor().copy(query.encode()) as out:
        return columns, b"".join(bytes(piece) for piece in out)


def run(households: int = 10_000, runs: int = RUNS) -> list[Figure]:
    with ground() as under:
        few = closings(under, households, runs)
        many = closings(under, 10 * households, runs)
    return told(few, many, 10 * households)


def told(few: Closings, many: Closings, size: int) -> list[Figure]:
    wall, orders, floor = many.median("wall"), many.median("orders"), statistics.median(many.copies)
    return [
        figure(f"clôture et commandes de {shown(size)} abonnements", wall + orders, "s",
                "One process, one transaction each; the database durable, the site served beside it.", most=10.0),
        figure("dont la clôture", wall, "s", "Baskets, prices, ledger, échéances, payments asked, facts."),
        figure("dont les commandes", orders, "s", "Four producers, a surplus each, one entry in the ledger."),
        figure("CPU de la clôture", many.median("cpu"), "s CPU", "Python's share."),
        figure("CPU de la base", many.median("database_cpu"), "s CPU", "That of its backend."),
        figure("de N à 10 N, exposant", exponent(few.median("wall"), wall), "", "1 is in proportion.", most=1.05),
        figure("les mêmes lignes par COPY", floor, "s", "The floor: same rows, same tables, same constraints."),
        figure("clôture / COPY", wall / floor, "×", "The ratio of the two.", most=2.0),
        figure("mémoire de la base", max(one.database_memory for one in many.done) / 1e6, "Mo",
                "The most that its backend holds alone.", most=20.0),
        figure("mémoire du processus", many.peak / 1e6, "Mo", "Its peak, Python and libraries included."),
        figure("page d’un agent pendant ce temps, p95", many.page.quantile(0.95) * 1000, "ms",
                "Search and household's page, 10 a second over HTTP, from when each was due.", most=100.0),
        figure("pages en erreur", len(few.page.wrong) + len(many.page.wrong), "", "Of both towns.", most=0),
        figure("invariants rompus", few.faults + many.faults, "", "`flask verifier` after each town.", most=0),
    ]  # fmt: skip

"""P3: fifty devices hand out baskets at once, each scan a post with its session and its form's token, over HTTP.

The floor is the statement itself: pgbench runs it, as the application sends it, on as many connections as the
application's threads hold.
"""

import re
import statistics
import subprocess
import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from psycopg import conninfo
from sqlalchemy import event, text

from bench import town
from bench.clients import Asked, Heard, crowd, post
from bench.figures import RUNS, Figure, exponent, shown
from bench.ground import Ground, copied, faults, ground
from bench.processes import cpu_of, started
from kernel import qr
from kernel.clock import now, today
from kernel.db import get_engine, transaction
from kernel.embedded_postgres import postgres_programs
from paniers import retraits
from paniers.cloture import cloturer

figure = partial(Figure, "P3")
DEVICES = 50
A_RUN = 20
"""Baskets that a device hands out in a run; a maison of five hundred has four devices at most."""
ALONE = 300
CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Handed:
    """Runs of all devices; one device alone; CPU of the site for a hand-out, in seconds; pgbench's rate."""

    runs: list[Heard]
    alone: Heard
    cpu: float
    floor: float
    faults: int

    @property
    def rate(self) -> float:
        return statistics.median(heard.rate() for heard in self.runs)

    @property
    def p95(self) -> float:
        return statistics.median(heard.quantile(0.95) for heard in self.runs)

    @property
    def errors(self) -> int:
        return len(self.alone.wrong) + sum(len(heard.wrong) for heard in self.runs)


def handing(under: Ground, households: int, runs: int = RUNS, *, devices: int = DEVICES, alone: int = ALONE) -> Handed:
    """A town of which each household has a basket today; `devices` agents hand them out."""
    address = under.open(f"handing_{households}")
    town.settle(address, households, agents=devices)
    (week,) = town.weeks(address, [today()])
    with transaction() as session:
        cloturer(session, week.id, instant=now())
    get_engine().dispose()
    floor = copied(address, f"handing_{households}_floor")
    scans = _scans(address, devices, runs + 1)
    with under.site():
        crowd(under.ports.web, [iter(one[:A_RUN]) for one in scans])
        sites = started("granian")
        cpu = sum(map(cpu_of, sites))
        spans = [slice(number * A_RUN, (number + 1) * A_RUN) for number in range(1, runs + 1)]
        heard = [crowd(under.ports.web, [iter(one[span]) for one in scans]) for span in spans]
        cpu = (sum(map(cpu_of, sites)) - cpu) / (runs * devices * A_RUN)
        last = [ask for one in scans for ask in one[(runs + 1) * A_RUN :]]
        single = crowd(under.ports.web, [iter(last[:alone])])
    return Handed(heard, single, cpu, _pgbench(floor, households), faults())


def _scans(address: str, devices: int, runs: int) -> list[list[Asked]]:
    """What each device posts: vouchers of its own maison, shared out among the devices that stand there."""
    token, day = town.csrf_token(), today()
    with psycopg.connect(address) as there:
        rows = there.execute("SELECT maison_id, bon FROM panier ORDER BY maison_id, id").fetchall()
    waiting: dict[int, list[uuid.UUID]] = {}
    for maison, bon in rows:
        waiting.setdefault(maison, []).append(bon)
    posts = [number % len(waiting) + 1 for number in range(devices)]
    shares = {maison: posts.count(maison) for maison in waiting}
    made = []
    for number, maison in enumerate(posts):
        cookie = town.cookie_of(town.FIRST_OF_THE_TEAM + 1 + number)
        mine = waiting[maison][number // len(waiting) :: shares[maison]]
        if len(mine) < runs * A_RUN:
            raise ValueError(f"maison {maison} has too few baskets for its devices")
        fields = {"csrf_token": token, "maison": str(maison)}
        codes = [qr.sign(bon, day, day) for bon in mine]
        made.append([_scan(cookie, fields | {"code": code}) for code in codes])
    return made


def _scan(cookie: str, fields: dict[str, str]) -> Asked:
    """As the page of the day sends it, whose camera stays open."""
    return post("/retrait/scan", cookie, fields, wanted=b"reponse--remettre", by_script=True)


def _pgbench(address: str, baskets: int) -> float:
    """Hand-outs a second when the database alone does them: the application's statement, eight connections."""
    statement, given = _statement()
    share = baskets * 9 // 10 // CONNECTIONS
    with psycopg.connect(address) as there:
        there.execute("CREATE TABLE bench_bon AS SELECT row_number() OVER (ORDER BY id) AS k, bon FROM panier")
        there.execute("ALTER TABLE bench_bon ADD PRIMARY KEY (k)")
        there.execute("ANALYZE bench_bon")
    script = f"\\set n :n + 1\n\\set k :client_id * {share} + :n\n{_literal(statement, given)};\n"
    named = conninfo.conninfo_to_dict(address)
    size = ["-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-t", str(share), "-D", "n=0", "-f", "-"]
    where = ["-h", str(named["host"]), "-p", str(named["port"]), "-U", str(named["user"]), str(named["dbname"])]
    program = str(postgres_programs() / "pgbench")
    done = subprocess.run([program, *size, *where], input=script, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    if done.returncode or found is None:
        raise RuntimeError(f"pgbench failed:\n{done.stdout}{done.stderr}")
    return float(found.group(1))


def _statement() -> tuple[str, dict[str, Any]]:
    """The statement that hands a basket out, and its values, caught on its way to the database."""
    seen: list[tuple[str, dict[str, Any]]] = []

    def note(_conn: Any, _cursor: Any, statement: str, given: Any, _context: Any, _many: bool) -> None:
        if statement.startswith("WITH"):
            seen.append((statement, dict(given)))

    engine = get_engine()
    event.listen(engine, "before_cursor_execute", note)
    try:
        with transaction() as session:
            code = qr.sign(uuid.UUID(int=0), today(), today())
            who = session.execute(text("SELECT min(id) FROM compte WHERE role = 'agent'")).scalar_one()
            retraits.scanner(session, code, par=who, maisons=None, jour=today(), instant=now())
    finally:
        event.remove(engine, "before_cursor_execute", note)
    (caught,) = seen
    return caught


def _literal(statement: str, given: dict[str, Any]) -> str:
    """The same with its values written out, the voucher's id that of basket `:k`."""
    values = {
        name: "(SELECT bon FROM bench_bon WHERE k = :k)" if isinstance(value, uuid.UUID) else _quoted(value)
        for name, value in given.items()
    }
    return " ".join((statement % values).split())


def _quoted(value: object) -> str:
    return str(value) if isinstance(value, int) else f"'{value}'"


def run(households: int = 7_500) -> list[Figure]:
    with ground() as under:
        few = handing(under, households)
        many = handing(under, 10 * households)
    return told(few, many, households)


def told(few: Handed, many: Handed, size: int) -> list[Figure]:
    growth = exponent(1 / few.rate, 1 / many.rate)
    return [
        figure(f"remises, 50 appareils, {shown(10 * size)} paniers", many.rate, "/s",
               "Scans over HTTP: session, token, signature, statement, answer; the client takes part of the cores. "
               "pretix: 16–28/s.", least=1000),
        figure("la même, p95", many.p95 * 1000, "ms", "From the scan to the whole answer.", most=80),
        figure(f"remises, 50 appareils, {shown(size)} paniers", few.rate, "/s", "In a town of a tenth."),
        figure("de N à 10 N paniers, exposant", growth, "", "0: a hand-out costs the same in a larger town."),
        figure("un appareil seul, p50", many.alone.quantile(0.5) * 1000, "ms", "300 scans. pretix: 44–59 ms.", most=5),
        figure("CPU du site pour une remise", many.cpu * 1000, "ms CPU", "Both web processes; the database apart."),
        figure("la même requête par pgbench", many.floor, "/s", "The floor: eight connections, no application."),
        figure("pgbench / nous", many.floor / many.rate, "×", "The ratio of the two."),
        figure("réponses en erreur", few.errors + many.errors, "", "Anything but the green answer.", most=0),
        figure("invariants rompus", few.faults + many.faults, "", "`flask verifier` after each town.", most=0),
    ]  # fmt: skip

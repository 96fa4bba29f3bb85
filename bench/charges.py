"""P10: a closed week is charged to saved cards by two worker processes, through a Stripe that takes its time.

The local Stripe answers in a tenth of a second, and now and then that it is asked too much; what it then holds, and in
which order it was asked, is read from it at the end. Webhooks are not sent: what is measured is the charge.
"""

import http.client
import json
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import text

from bench import town
from bench.figures import Figure, exponent, shown
from bench.ground import Ground, faults, ground, relay, wait_until
from bench.processes import cpu_of, peak_memory, started
from demo.lancer import worker
from demo.supervisor import Process
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.settings import get_settings
from paiements.passerelle.contrat import REFERENCE
from paniers.cloture import cloturer

figure = partial(Figure, "P10")
LATENCY_MS = 100
SHARE_OF_429 = 0.03
WORKERS, THREADS = 2, 4
METHODS = {"enabled": "true", "allow_redirects": "never"}
LONGEST_SECONDS = 900.0
# What the first failure of a delivery waits for; the clocks of two programs differ a little.
SOON_SECONDS = 0.9

Ask = Callable[[str, str, Any], Any]


@dataclass(frozen=True, slots=True)
class Charged:
    """What charging took (`cpu` and `memory` are the workers'), the server's own rate, and what Stripe then holds.

    `hasty`: asked again within the second after a 429; `twice`: charged twice; `missing`: not charged.
    """

    seconds: float
    bare_rate: float
    cpu: float
    memory: int
    refused: int
    hasty: int
    twice: int
    missing: int
    faults: int


def charging(under: Ground, households: int) -> Charged:
    """Close a week of a town where all pay by card, and charge every household once."""
    address = under.open(f"charges_{households}", STRIPE_API_BASE=f"http://127.0.0.1:{under.ports.stripe}")
    town.settle(address, households, by_card=1.0)
    (week,) = town.weeks(address, [today()])
    workers = [worker(f"ouvrier-argent-{n}", "argent", threads=THREADS) for n in range(WORKERS)]
    ask = _asker(under.ports.stripe)
    with under.running(_stripe(under, households)) as beside:
        beside.wait_until(lambda: _answers(ask), 30)
        _save_cards(ask, households)
        ask("POST", "/_local/latence", {"ms": LATENCY_MS})
        bare = _bare_rate(under.ports.stripe)
        fault = {"kind": "status", "status": 429, "probability": SHARE_OF_429, "seed": 1, "times": None}
        ask("POST", "/_local/pannes", fault | {"route": "POST /v1/payment_intents"})
        with under.running(relay(), *workers):
            time.sleep(3)  # they load; the night's work finds them running
            busy = started("dramatiq")
            cpu = sum(map(cpu_of, busy))
            seconds = _charge(week.id, households)
            cpu, memory = sum(map(cpu_of, busy)) - cpu, sum(map(peak_memory, busy))
        refused, hasty = _after_429(ask("GET", "/_local/requetes", None))
        twice, missing = _charges(ask("GET", "/_local/objets/payment_intent", None), households)
        return Charged(seconds, bare, cpu, memory, refused, hasty, twice, missing, faults())


def _stripe(under: Ground, number: int) -> Process:
    where = ("--port", str(under.ports.stripe), "--state", str(under.var / f"stripe-{number}.sqlite"))
    key = ("--secret-key", get_settings().stripe_secret_key)
    return Process("stripe", (sys.executable, "-m", "demo.stripe_local", *where, *key), rank=2)


def _asker(port: int) -> Ask:
    def ask(method: str, path: str, body: Any) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        sent = json.dumps(body) if body is not None else None
        connection.request(method, path, sent, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {said[:200]!r}")
        return json.loads(said)

    return ask


def _answers(ask: Ask) -> bool:
    try:
        ask("GET", "/_local/sante", None)
    except OSError:
        return False
    return True


def _save_cards(ask: Ask, households: int) -> None:
    """The cards that the town knows, and one more for the server's own rate."""
    for first in range(0, households + 1, 1000):
        keys = range(first, min(first + 1000, households + 1))
        ask("POST", "/_local/semer", [{"customer": f"cus_bench{n}", "payment_method": f"pm_bench{n}"} for n in keys])


def _bare_rate(port: int, calls: int = 200) -> float:
    """Charges a second when as many threads as the workers have do nothing but ask for them."""
    mine = threading.local()

    def charge(_: int) -> None:
        if not hasattr(mine, "connection"):
            mine.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        asked = {"amount": 550, "currency": "eur", "customer": "cus_bench0", "payment_method": "pm_bench0"}
        asked |= {"confirm": "true", "off_session": "true"}
        asked["automatic_payment_methods[enabled]"], asked["automatic_payment_methods[allow_redirects]"] = (
            "true",
            "never",
        )
        headers = {"Authorization": f"Bearer {get_settings().stripe_secret_key}", "Idempotency-Key": str(uuid.uuid4())}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        mine.connection.request("POST", "/v1/payment_intents", urlencode(asked), headers)
        answer = mine.connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {said[:300]!r}")

    with ThreadPoolExecutor(WORKERS * THREADS) as pool:
        list(pool.map(charge, range(2 * WORKERS * THREADS)))
        start = time.perf_counter()
        list(pool.map(charge, range(calls)))
        return calls / (time.perf_counter() - start)


def _charge(week_id: int, households: int) -> float:
    """Close the week; seconds from then on until the last charge is concluded."""
    with transaction() as session:
        cloturer(session, week_id, instant=now())
    start = time.perf_counter()

    def done() -> bool:
        time.sleep(0.2)
        with reading() as session:
            asked = session.execute(text("SELECT count(*) FROM paiement WHERE conclu_le IS NOT NULL")).scalar_one()
        return int(asked) == households

    wait_until(done, LONGEST_SECONDS, "charging")
    return time.perf_counter() - start


def _after_429(calls: list[dict[str, Any]]) -> tuple[int, int]:
    """How many charges were refused for the moment, and how many of them were asked for again at once."""
    by_key = defaultdict(list)
    for call in calls:
        if call["key"]:
            by_key[call["key"]].append(call)
    refused = hasty = 0
    for same in by_key.values():
        for before, after in zip(same, [*same[1:], None], strict=True):
            if before["status"] == 429:
                refused += 1
                hasty += after is not None and after["at"] - before["at"] < SOON_SECONDS
    return refused, hasty


def _charges(intents: list[dict[str, Any]], households: int) -> tuple[int, int]:
    """How many of the town's charges Stripe holds twice, and how many not at all."""
    taken = Counter(
        one["metadata"][REFERENCE] for one in intents if one["status"] == "succeeded" and REFERENCE in one["metadata"]
    )
    return sum(count - 1 for count in taken.values()), households - len(taken)


def run(households: int = 1_000) -> list[Figure]:
    with ground() as under:
        few = charging(under, households)
        many = charging(under, 10 * households)
    return told(few, many, 10 * households)


def told(few: Charged, many: Charged, size: int) -> list[Figure]:
    rate = size / many.seconds
    return [
        figure(f"{shown(size)} foyers prélevés", many.seconds, "s",
                "One run, from the closing to the last charge concluded; two processes of four threads.", most=300.0),
        figure("prélèvements", rate, "/s", "The same, by the second."),
        figure("le serveur seul", many.bare_rate, "/s", "The floor: eight threads that only ask for charges."),
        figure("serveur seul / nous", many.bare_rate / rate, "×", "The ratio of the two."),
        figure("de N à 10 N, exposant", exponent(few.seconds, many.seconds), "", "1 is in proportion; one run each.",
                most=1.05),
        figure("CPU d’un prélèvement", many.cpu / size * 1000, "ms CPU", "The workers' alone."),
        figure("mémoire des ouvriers", many.memory / 1e6, "Mo", "Peaks of both, added up."),
        figure("réponses 429", few.refused + many.refused, "", "Three calls in a hundred are put off."),
        figure("redemandés dans la seconde", few.hasty + many.hasty, "", "After a 429, as Stripe saw it.", most=0),
        figure("prélevés deux fois", few.twice + many.twice, "", "As Stripe holds them.", most=0),
        figure("jamais prélevés", few.missing + many.missing, "", "As Stripe holds them.", most=0),
        figure("invariants rompus", few.faults + many.faults, "", "`flask verifier` after each town.", most=0),
    ]  # fmt: skip

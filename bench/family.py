"""P8: a family's pages: how soon the site answers when a hundred are asked for each second, and what a telephone gets.

The weight and the first paint are a real browser's, on the network of a slow telephone, nothing cached.
"""

import itertools
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from playwright.sync_api import Page, Request, sync_playwright

from bench import town
from bench.clients import Asked, Heard, get, paced
from bench.figures import RUNS, Figure, exponent, shown
from bench.ground import Ground, faults, ground
from bench.processes import cpu_of, started
from kernel.clock import now, today
from kernel.db import transaction
from paniers.cloture import cloturer

figure = partial(Figure, "P8")
RATE = 100.0
SECONDS = 4.0
OPEN = ("/", "/le-panier", "/mon-prix", "/sorties")
SIGNED_IN = ("/ma-semaine", "/mon-abonnement", "/paiements/mon-compte", "/mon-foyer", "/mes-sorties")
# What Lighthouse calls slow 4G: a round trip, bytes a second down and up.
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
SCREEN = {"width": 360, "height": 740}


@dataclass(frozen=True, slots=True)
class Served:
    """Runs at a hundred pages a second; CPU of the site for a page, in seconds."""

    runs: list[Heard]
    cpu: float
    faults: int

    @property
    def p95(self) -> float:
        return statistics.median(heard.quantile(0.95) for heard in self.runs)

    @property
    def errors(self) -> int:
        return sum(len(heard.wrong) for heard in self.runs)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a telephone got of a page, the first time: bytes over the wire, of the page alone and with all its files;
    files that hold the first paint back; seconds until it."""

    page: int
    all: int
    blocking: int
    paint: float


def serving(under: Ground, households: int, runs: int = RUNS, *, seconds: float = SECONDS) -> Served:
    """Ask for pages of as many families, at the pace of the row, whatever comes back."""
    with under.site():
        pages = _pages(households)
        paced(under.ports.web, pages, rate=RATE / 2, seconds=2)
        sites = started("granian")
        cpu = sum(map(cpu_of, sites))
        heard = [paced(under.ports.web, pages, rate=RATE, seconds=seconds) for _ in range(runs)]
        cpu = (sum(map(cpu_of, sites)) - cpu) / sum(len(one.seconds) for one in heard)
    return Served(heard, cpu, faults())


def inhabited(under: Ground, households: int) -> None:
    """A town where each household has a basket today, and weeks to come."""
    address = under.open(f"family_{households}")
    town.settle(address, households)
    (week, *_) = town.weeks(address, [today() + timedelta(weeks=n) for n in range(3)])
    with transaction() as session:
        cloturer(session, week.id, instant=now())


def _pages(households: int) -> Iterator[Asked]:
    """A family after another, each looking at a page; every third visitor is not signed in."""
    mine, public = itertools.cycle(SIGNED_IN), itertools.cycle(OPEN)
    for number in itertools.count():
        cookie = town.cookie_of(1 + number % households)
        yield get(next(public), wanted=b"</html>") if number % 3 == 0 else get(next(mine), cookie, wanted=b"</html>")


def looking(under: Ground, path: str, runs: int = RUNS) -> list[Seen]:
    """Open a page of a family on a slow telephone, each time as if for the first one."""
    name, _, value = town.cookie_of(1).partition("=")
    site = f"http://127.0.0.1:{under.ports.web}"
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with under.site(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        seen = []
        for _ in range(runs + 1):
            context = browser.new_context(viewport=SCREEN)  # type: ignore[arg-type]
            context.add_cookies([{"name": name, "value": value, "url": site}])
            seen.append(_look(context.new_page(), site + path))
            context.close()
        browser.close()
    return seen[1:]


def _look(page: Page, address: str) -> Seen:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    got: list[Request] = []
    page.on("requestfinished", lambda request: got.append(request))  # noqa: PLW0108  # it writes on its handler
    page.goto(address, wait_until="networkidle")
    entries: Any = page.evaluate(
        "() => [performance.getEntriesByName('first-contentful-paint')[0].startTime,"
        " performance.getEntriesByType('resource').filter(r => r.renderBlockingStatus === 'blocking').length]"
    )
    sizes = {one.url: one.sizes()["responseBodySize"] for one in got}
    return Seen(sizes[address], sum(sizes.values()), entries[1], entries[0] / 1000)


def run(households: int = 1_000) -> list[Figure]:
    with ground() as under:
        inhabited(under, households)
        few = serving(under, households)
        inhabited(under, 10 * households)
        many = serving(under, 10 * households)
        week, programme = looking(under, "/ma-semaine"), looking(under, "/sorties", 1)
    return told(few, many, week, programme, 10 * households)


def told(few: Served, many: Served, week: list[Seen], programme: list[Seen], size: int) -> list[Figure]:
    heaviest = max(one.page for one in (*week, *programme))
    return [
        figure(f"pages de {shown(size)} familles à 100 par seconde, p95", many.p95 * 1000, "ms",
               "Nine pages in turn, from when each was due; the client takes its share of the cores.", most=50),
        figure("de N à 10 N, exposant", exponent(few.p95, many.p95), "", "0: no slower in a town ten times as large."),
        figure("CPU du site pour une page", many.cpu * 1000, "ms CPU", "Both web processes; the database apart."),
        figure("pages en erreur", few.errors + many.errors, "", "Anything but a whole page.", most=0),
        figure("la page la plus lourde", heaviest / 1000, "ko", "« Ma semaine » or « Les sorties », as sent.", most=60),
        figure("« Ma semaine », première visite", week[0].all / 1000, "ko", "With style, scripts, drawings, font."),
        figure("fichiers avant le premier affichage", max(one.blocking for one in week), "",
               "Those that the browser says block it.", most=1),
        figure("premier affichage, 4G lente", statistics.median(one.paint for one in week), "s",
               "First contentful paint in Chromium: 150 ms a round trip, 1.6 Mbit/s, nothing cached.", most=1),
        figure("invariants rompus", few.faults + many.faults, "", "`flask verifier` after each town.", most=0),
    ]  # fmt: skip

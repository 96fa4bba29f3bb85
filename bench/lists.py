"""P5: the long lists that an agent opens: how many queries, how much CPU, how heavy a page.

The pages are asked for in this process, where each statement on its way to the database is counted.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event

from app import create_app
from bench import town
from bench.figures import RUNS, Figure, exponent, shown, take
from bench.ground import Ground, ground
from kernel.clock import now, today
from kernel.db import get_engine, transaction
from paniers.cloture import cloturer

figure = partial(Figure, "P5")
MAISONS = 2
SUBSCRIPTIONS, DAY, SEARCH, FAR = "abonnements", "paniers d’un jour", "foyers cherchés", "foyers cherchés, une faute"
PATHS = {
    SUBSCRIPTIONS: "/coordination/abonnements",
    DAY: "/retrait?etat=tous",
    SEARCH: "/guichet/foyers?q=benali+a",
    FAR: "/guichet/foyers?q=benalli+samirra",
}
"""The lists; the last is of a name written wrong, which is looked for among all that resemble it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: statements, seconds of CPU of this process and of wall clock, bytes."""

    queries: int
    cpu: float
    wall: float
    bytes: int


def pages(under: Ground, households: int, asked: tuple[str, ...], runs: int = RUNS) -> dict[str, Page]:
    """These lists in a town of two maisons, where each household has a basket today."""
    address = under.open(f"lists_{households}")
    town.settle(address, households, a_maison=households // MAISONS)
    (week,) = town.weeks(address, [today()])
    with transaction() as session:
        cloturer(session, week.id, instant=now())
    with redirect_stderr(io.StringIO()):  # where the application writes a line for each page
        app = create_app()
    found = {}
    for what in asked:
        who = town.FIRST_OF_THE_TEAM + (what == DAY)  # the day's list is an agent's, of one maison
        client = app.test_client()
        name, _, value = town.cookie_of(who).partition("=")
        client.set_cookie(name, value)
        found[what] = _page(client, PATHS[what], runs)
    return found


def _page(client: FlaskClient, path: str, runs: int) -> Page:
    def ask() -> int:
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return len(answer.data)

    ask()
    with counting() as seen:
        size = ask()
    taken = take(ask, runs)
    return Page(len(seen), taken.cpu, taken.wall, size)


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements that go to the database while the block lasts."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_more: object) -> None:
        seen.append(statement)

    engine = get_engine()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def run(households: int = 1_200) -> list[Figure]:
    searched = 10 * households
    with ground() as under:
        few = pages(under, households, (SUBSCRIPTIONS, DAY))
        many = pages(under, searched, tuple(PATHS))
        crowded = pages(under, 10 * searched, (SEARCH, FAR))
    sizes = {SUBSCRIPTIONS: households, DAY: households // MAISONS, SEARCH: searched, FAR: searched}
    at_n = few | {name: many[name] for name in (SEARCH, FAR)}
    at_10n = crowded | {name: many[name] for name in (SUBSCRIPTIONS, DAY)}
    return [one for name in PATHS for one in told(f"{shown(sizes[name])} {name}", at_n[name], at_10n[name])]


def told(what: str, at_n: Page, at_10n: Page) -> list[Figure]:
    return [
        figure(f"{what} : requêtes", at_n.queries, "", "Statements for the page, the session's own included.", most=12),
        figure(f"{what} : requêtes de plus à 10 N", at_10n.queries - at_n.queries, "", "In ten times as large a town.",
               most=0),
        figure(f"{what} : CPU", at_n.cpu * 1000, "ms CPU", "This process's; juntagrico's list takes 5.6 s.", most=60),
        figure(f"{what} : à 10 N, exposant", exponent(at_n.cpu, at_10n.cpu), "", "Of CPU; 0: the same."),
        figure(f"{what} : attente", at_n.wall * 1000, "ms", "The database's share included."),
        figure(f"{what} : page", at_n.bytes / 1000, "ko", "Not compressed; juntagrico's weighs 2,4 Mo.", most=200),
    ]  # fmt: skip

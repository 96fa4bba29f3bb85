"""`flask relay`, `flask timetable`, `flask outbox list|retry`.

`flask` imports this file whatever command is asked, so the actors, which want a whole set of settings and every trade,
are imported by the commands that run them.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import click
from sqlalchemy import select

from kernel import deliveries
from kernel.db import reading, transaction
from kernel.logs import init_logs
from kernel.outbox import Delivery, FactRow, State


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set."""
    stop = threading.Event()

    def ask(*_: object) -> None:
        # From a thread: the signal may fall while the event's own lock is held, by this very thread.
        threading.Thread(target=stop.set).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    return stop


@click.command("relay", help="Turn facts into deliveries and ring Redis for them, until stopped.")
@click.option(
    "--timetable", "with_timetable", is_flag=True, help="Keep the timetable too, on a machine short of memory."
)
def relay(*, with_timetable: bool) -> None:
    from workers.circuit import ROUTES  # noqa: PLC0415
    from workers.relay import relay as run  # noqa: PLC0415

    init_logs()
    stop = stop_on_signals()
    with _timetable_beside(stop) if with_timetable else nullcontext():
        run(stop, ROUTES)


@contextmanager
def _timetable_beside(stop: threading.Event) -> Iterator[None]:
    """The timetable in a thread of this process; both end together, whichever ends first."""
    from workers.timetable import timetable as run  # noqa: PLC0415

    def keep() -> None:
        try:
            run(stop)
        finally:
            stop.set()

    thread = threading.Thread(target=keep, name="timetable")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@click.command("timetable", help="Do what is due: open, close, order, end weeks; until stopped.")
def timetable() -> None:
    from workers.timetable import timetable as run  # noqa: PLC0415

    init_logs()
    run(stop_on_signals())


@click.group("outbox", help="Deliveries that failed at every try.")
def outbox() -> None:
    """A plain group: these commands need no web application."""


@outbox.command("list")
def list_parked() -> None:
    """Print the parked deliveries, one a line."""
    parked = (
        select(Delivery.id, Delivery.actor, FactRow.name, FactRow.payload, Delivery.error)
        .join(FactRow, FactRow.id == Delivery.fact_id)
        .where(Delivery.state == State.PARKED)
        .order_by(Delivery.id)
    )
    with reading() as session:
        for row in session.execute(parked):
            click.echo(f"{row.id}\t{row.actor}\t{row.name} {row.payload}\t{row.error}")


@outbox.command("retry")
@click.argument("delivery_id", type=int)
def retry(delivery_id: int) -> None:
    """Give a parked delivery a fresh set of attempts."""
    with transaction() as session:
        done = deliveries.retry(session, delivery_id)
    click.echo("due again" if done else "not parked", err=not done)
    if not done:
        raise SystemExit(1)

"""`flask relay`, `flask timetable`, `flask outbox list|retry`.

`flask` imports this file whatever command is asked, so the actors, which want a whole set of settings and every trade,
are imported by the commands that run them.
"""

import signal
import threading

import click
from sqlalchemy import select

from kernel import deliveries
from kernel.db import reading, transaction
from kernel.outbox import Delivery, FactRow, State


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@click.command("relay", help="Turn facts into deliveries and ring Redis for them, until stopped.")
def relay() -> None:
    from workers.relay import relay as run  # noqa: PLC0415

    run(_stop_on_signals())


@click.command("timetable", help="Do what is due: open, close, order, end weeks; until stopped.")
def timetable() -> None:
    from workers.timetable import timetable as run  # noqa: PLC0415

    run(_stop_on_signals())


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

"""`flask relay`, `flask timetable`, `flask outbox list|retry`."""

import signal
import threading

import click
from flask.cli import AppGroup
from sqlalchemy import select

from kernel import deliveries
from kernel.db import reading, transaction
from kernel.outbox import Delivery, FactRow, State
from workers import relay as relay_module
from workers import timetable as timetable_module


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@click.command("relay", help="Turn facts into deliveries and ring Redis for them, until stopped.")
def relay() -> None:
    relay_module.relay(_stop_on_signals())


@click.command("timetable", help="Do what is due: open, close, order, end weeks; until stopped.")
def timetable() -> None:
    timetable_module.timetable(_stop_on_signals())


outbox = AppGroup("outbox", help="Deliveries that failed at every try.")


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

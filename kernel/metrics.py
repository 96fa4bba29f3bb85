"""What an operator watches, as queries: each trade measures its own, and `/metrics` asks them all when it is read.

The figures come from the database, so that any web process of any machine tells the same, and none has to remember.
They count; they name nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from kernel import clock
from kernel.outbox import State


@dataclass(frozen=True, slots=True)
class Measure:
    """A gauge: its query returns the labels' values, then the figure.

    The query may use `:now` (the clock's instant) and `:today` (a Paris day). What stands in `always` is told as 0 when
    the query has no row for it, for an alert on a figure that is absent never rings.
    """

    name: str
    help: str
    query: TextClause
    labels: Sequence[str] = ()
    always: Sequence[Sequence[str]] = ()


LAG = text(
    """
    SELECT coalesce(extract(epoch FROM clock_timestamp() - least(
        (SELECT min(at) FROM outbox_fact WHERE expanded_at IS NULL),
        (SELECT min(wake_at) FROM outbox_delivery WHERE state IN ('due', 'sent', 'taken')
                                                    AND wake_at < clock_timestamp()))), 0)
    """
)

MEASURES = (
    Measure(
        "outbox_facts_waiting",
        "Facts that no relay has turned into deliveries yet.",
        text("SELECT count(*) FROM outbox_fact WHERE expanded_at IS NULL"),
    ),
    Measure("outbox_lag_seconds", "How late the relay is: the eldest fact or delivery that it should have sent.", LAG),
    Measure(
        "outbox_deliveries",
        "Deliveries not done, by queue and state.",
        text(
            """
            SELECT queue, state, count(*) FROM outbox_delivery WHERE state IN ('due', 'sent', 'taken') GROUP BY 1, 2
            UNION ALL SELECT queue, state, count(*) FROM outbox_delivery WHERE state = 'parked' GROUP BY 1, 2
            """
        ),
        labels=("queue", "state"),
    ),
    Measure(
        "outbox_oldest_seconds",
        "How long ago the eldest fact happened whose delivery is not done nor parked, by queue.",
        text(
            """
            SELECT d.queue, extract(epoch FROM clock_timestamp() - min(f.at))
              FROM outbox_delivery d JOIN outbox_fact f ON f.id = d.fact_id
             WHERE d.state IN ('due', 'sent', 'taken') GROUP BY 1
            """
        ),
        labels=("queue",),
    ),
    Measure(
        "outbox_parked",
        "Deliveries that failed at every try, and wait for the operator.",
        text(f"SELECT count(*) FROM outbox_delivery WHERE state = '{State.PARKED}'"),  # noqa: S608 - a constant
    ),
    Measure(
        "mails_unsent",
        "Messages written and not sent, those parked included.",
        text(
            """
            SELECT (SELECT count(*) FROM outbox_delivery WHERE state IN ('due', 'sent', 'taken')
                                                           AND actor = 'envoyer_courriel')
                 + (SELECT count(*) FROM outbox_delivery WHERE state = 'parked' AND actor = 'envoyer_courriel')
            """
        ),
    ),
    Measure("database_bytes", "Size of the database.", text("SELECT pg_database_size(current_database())")),
    Measure(
        "database_connections",
        "Connections to this database, by what they do.",
        text(
            """
            SELECT state, count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND state IS NOT NULL GROUP BY 1
            """
        ),
        labels=("state",),
    ),
)


def collect(session: Session, measures: Iterable[Measure]) -> list[GaugeMetricFamily]:
    """The figures of this moment, one query a measure."""
    given = {"now": clock.now(), "today": clock.today()}
    return [_family(session, measure, given) for measure in measures]


def _family(session: Session, measure: Measure, given: Mapping[str, Any]) -> GaugeMetricFamily:
    wanted = {name: given[name] for name in measure.query.compile().params}
    rows = [tuple(row) for row in session.execute(measure.query, wanted)]
    found = {tuple(map(str, row[:-1])): float(row[-1]) for row in rows}
    family = GaugeMetricFamily(measure.name, measure.help, labels=measure.labels)
    for labels in sorted({*found, *map(tuple, measure.always)}):
        family.add_metric(labels, found.get(labels, 0.0))
    return family

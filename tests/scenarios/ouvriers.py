"""A workshop: real relays, timetables and Dramatiq workers against the test's own database and its own Redis.

Each is a child of the test's process, dies with it, and is ended by its id. Their logs are shown when a wait fails.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kernel.db import transaction
from kernel.embedded import EmbeddedServer, start_redis
from kernel.embedded_process import die_with_parent
from kernel.outbox import Fact, publish
from tests.conftest import ROOT, forget_settings
from tests.scenarios.faits import TABLES

PATIENCE = 60.0
RIEN: Mapping[str, str] = {}


@dataclass
class Enfant:
    """A process of the workshop, the leader of its own group."""

    pid: int
    journal: Path

    def __post_init__(self) -> None:
        self._descriptor = os.pidfd_open(self.pid)

    def vit(self) -> bool:
        return not select.select([self._descriptor], [], [], 0)[0]

    def signaler(self, number: signal.Signals) -> None:
        """To the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def tuer(self) -> None:
        self.signaler(signal.SIGKILL)
        self.attendre_la_fin(30)

    def arreter(self, seconds: float = 30.0) -> float:
        """Ask for the end and wait for it; returns how long it took."""
        began = time.monotonic()
        self.demander_la_fin()
        self.attendre_la_fin(seconds)
        return time.monotonic() - began

    def demander_la_fin(self) -> None:
        """SIGTERM to the leader alone, as an init would."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def attendre_la_fin(self, seconds: float) -> None:
        assert select.select([self._descriptor], [], [], seconds)[0], f"{self.pid} is still there after {seconds} s"

    def fermer(self) -> None:
        self.tuer()
        os.close(self._descriptor)


class Pepiniere:
    """The process that forks all others (see `pepiniere`)."""

    def __init__(self) -> None:
        # Loaded from compiled files, for a start in a second.
        known = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        command = [sys.executable, "-m", "tests.scenarios.pepiniere"]
        self._popen = subprocess.Popen(
            command,
            cwd=ROOT,
            env=known,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one prctl call, safe after a fork
        )
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._asking, self._answers = self._popen.stdin, self._popen.stdout

    def lancer(self, command: Sequence[str], environment: Mapping[str, str], journal: Path) -> Enfant:
        asked = {"command": list(command), "environment": dict(environment), "log": str(journal)}
        self._asking.write(json.dumps(asked) + "\n")
        self._asking.flush()
        return Enfant(int(self._answers.readline()), journal)

    def fermer(self) -> None:
        self._asking.close()
        self._popen.wait()
        self._answers.close()


@dataclass
class Atelier:
    """The processes and engines of one test."""

    pepiniere: Pepiniere
    var: Path
    redis: EmbeddedServer
    enfants: list[Enfant] = field(default_factory=list)

    def relais(self, turned: Mapping[str, str] = RIEN) -> Enfant:
        """A relay on the tests' circuit."""
        return self.lancer(["tests.scenarios.relais"], turned)

    def calendrier(self, turned: Mapping[str, str] = RIEN) -> Enfant:
        return self.lancer(["flask", "--app", "app", "timetable"], turned)

    def relais_de_la_ville(self, turned: Mapping[str, str] = RIEN) -> Enfant:
        """A relay on the circuit of the house itself."""
        return self.lancer(["flask", "--app", "app", "relay"], turned)

    def ouvrier(
        self,
        *queues: str,
        threads: int = 2,
        patience: int = 20_000,
        turned: Mapping[str, str] = RIEN,
        acteurs: str = "tests.scenarios.acteurs",
    ) -> Enfant:
        """A worker of these queues; `patience` is how many milliseconds its work has to end after SIGTERM."""
        size = ["--processes", "1", "--threads", str(threads), "--worker-shutdown-timeout", str(patience)]
        command = ["dramatiq", acteurs, *size, "--queues", *queues]
        return self.lancer(command, {"dramatiq_worker_timeout": "100", **turned})

    def flask(self, *arguments: str) -> str:
        """What a command of the house prints on all its outputs."""
        enfant = self.lancer(["flask", "--app", "app", *arguments], {})
        enfant.attendre_la_fin(60)
        return enfant.journal.read_text()

    def lancer(self, command: Sequence[str], environment: Mapping[str, str]) -> Enfant:
        journal = self.var / f"{len(self.enfants)}.log"
        self.enfants.append(self.pepiniere.lancer(command, {**os.environ, **environment}, journal))
        return self.enfants[-1]

    def attendre(self, holds: Callable[[], object], seconds: float = PATIENCE) -> float:
        """Poll until `holds()`; returns the seconds it took, or fails with the end of every log."""
        began = time.monotonic()
        while not holds():
            if time.monotonic() - began > seconds:
                logs = "\n".join(f"{one.journal}:\n{one.journal.read_text()[-2000:]}" for one in self.enfants)
                pytest.fail(f"still not so after {seconds} s\n{etats()}\n{logs}")
            time.sleep(0.02)
        return time.monotonic() - began

    def finir(self) -> None:
        for enfant in self.enfants:
            enfant.fermer()

    def relancer_redis(self) -> None:
        self.redis = start_redis(self.var)


@contextmanager
def atelier_ouvert(pepiniere: Pepiniere, monkeypatch: pytest.MonkeyPatch) -> Iterator[Atelier]:
    """A workshop on the database that the settings name; they lead to its own Redis from now on."""
    with TemporaryDirectory(prefix="atelier-", dir="/tmp") as folder:
        atelier = Atelier(pepiniere, Path(folder), start_redis(Path(folder)))
        monkeypatch.setenv("REDIS_URL", atelier.redis.url)
        monkeypatch.setenv("VAR_DIR", folder)
        forget_settings()
        with transaction() as session:
            session.execute(text(TABLES))
        try:
            yield atelier
        finally:
            atelier.finir()
            atelier.redis.stop()
            with suppress(SQLAlchemyError), transaction() as session:  # as it was lent
                session.execute(text("DROP TABLE essai_debut, essai_effet, essai_etat"))


@contextmanager
def client_redis(atelier: Atelier) -> Iterator["Redis"]:
    with Redis.from_url(atelier.redis.url) as client:
        yield client


def publier(facts: Sequence[Fact]) -> None:
    with transaction() as session:
        publish(session, *facts)


def lire(sql: str, **values: Any) -> list[Any]:
    with transaction() as session:
        return list(session.execute(text(sql), values).all())


def nombre(sql: str, **values: Any) -> int:
    return int(lire(sql, **values)[0][0] or 0)


def effets() -> int:
    return nombre("SELECT count(*) FROM essai_effet")


def en_cours() -> int:
    """Facts and deliveries that are neither done nor parked."""
    return nombre(
        "SELECT (SELECT count(*) FROM outbox_fact WHERE expanded_at IS NULL)"
        " + (SELECT count(*) FROM outbox_delivery WHERE state IN ('due', 'sent', 'taken'))"
    )


def etats() -> str:
    try:
        rows = lire("SELECT actor, state, attempts, count(*), max(error) FROM outbox_delivery GROUP BY 1, 2, 3")
    except Exception as error:  # noqa: BLE001 - only told beside a failure
        return f"(no database: {type(error).__name__})"
    return "\n".join(map(str, rows))


def chacun_une_fois(count: int) -> bool:
    """Whether numbers 1 to `count` each had their effect once, and nothing else had one."""
    rows = lire("SELECT numero, count(*) FROM essai_effet GROUP BY numero ORDER BY numero")
    return [tuple(row) for row in rows] == [(number, 1) for number in range(1, count + 1)]


def p95_argent(after: int) -> float:
    """Seconds from a money fact's commit to the end of its delivery, of which 95 in 100 take less."""
    sql = """
        SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM d.done_at - f.at))
          FROM outbox_delivery d JOIN outbox_fact f ON f.id = d.fact_id WHERE d.queue = 'argent' AND f.id > :after
    """
    return float(lire(sql, after=after)[0][0])


def sql_direct(statement: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(statement)

"""What a bench stands on: settings of its own, engines of its own, and the town's programs as real processes.

Nothing of an installation is opened: everything lives in a temporary folder and is stopped at the end. A row asks for
an empty migrated database as often as it needs one; they are copies of one template.
"""

import base64
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg
from redis import Redis

from demo.environment import Ports
from demo.lancer import ROOT, answers_ready, flask, tool
from demo.supervisor import Process, Supervisor
from demo.ville_a_part import free_ports
from kernel import clock
from kernel.db import get_engine
from kernel.embedded import start_postgres, start_redis
from kernel.settings import get_settings

TEMPLATE = "bench_template"
READY_SECONDS = 60.0


def settings_of_a_bench() -> dict[str, str]:
    """Name settings for this process and its children; a bench that needs a database starts its own."""
    key = base64.b64encode(b"bench" * 6 + b"!!").decode()
    given = {
        "DATABASE_URL": "postgresql:///none",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "SECRET_KEY": "a key of the bench, long enough to sign with",
        "QR_KEYS": f"1:{key}",
        "DATA_KEYS": f"1:{key}",
        "STRIPE_SECRET_KEY": "sk_test_bench",
        "STRIPE_WEBHOOK_SECRET": "whsec_bench",
        "SMTP_URL": "smtp://127.0.0.1:9",
    }
    os.environ |= given
    return given


def forget_settings() -> None:
    """Make this process read its environment again."""
    if get_engine.cache_info().currsize:
        get_engine().dispose()
    get_engine.cache_clear()
    get_settings.cache_clear()


@dataclass
class Ground:
    """Engines that run, `fresh` (a name → the address of an empty migrated database), and what was started on them.

    This process's settings are those of the database opened last; programs started afterwards receive the same.
    """

    var: Path
    redis_url: str
    fresh: Callable[[str], str]
    ports: Ports = field(default_factory=free_ports)

    def open(self, name: str, **more: str) -> str:
        """Make the empty database `name` the one that everything works on; returns its address."""
        address = self.fresh(name)
        os.environ |= {"DATABASE_URL": address, "REDIS_URL": self.redis_url, "VAR_DIR": str(self.var)}
        os.environ |= {"PUBLIC_URL": f"http://127.0.0.1:{self.ports.web}"} | more
        forget_settings()
        with Redis.from_url(self.redis_url) as redis:
            redis.flushall()
        return address

    @contextmanager
    def running(self, *programs: Process) -> Iterator[Supervisor]:
        """These programs, with this process's settings, for as long as the block lasts."""
        supervisor = Supervisor(ROOT, self.var, os.environ, print)
        try:
            for program in programs:
                supervisor.add(program)
            yield supervisor
        finally:
            supervisor.stop()

    @contextmanager
    def site(self, *beside: Process) -> Iterator[Supervisor]:
        """The web application as an installation serves it (Dockerfile), once it answers; and `beside` it."""
        with self.running(web(self.ports.web), *beside) as supervisor:
            if not supervisor.wait_until(partial(answers_ready, self.ports.web), READY_SECONDS):
                raise RuntimeError(f"the site does not answer:\n{supervisor.end_of_log('web')}")
            yield supervisor


@contextmanager
def ground() -> Iterator[Ground]:
    """Engines in a temporary folder, as durable as an installation's; all is gone at the end."""
    settings_of_a_bench()
    # Not in a folder closed to others: PostgreSQL has an account of its own when root runs the bench.
    var = Path(tempfile.mkdtemp(prefix="bench-"))
    postgres, redis = start_postgres(var), start_redis(var)
    try:
        address = partial(_address, postgres.url)
        _migrated(postgres.url, address(TEMPLATE))
        yield Ground(var, redis.url, partial(_copied, postgres.url))
    finally:
        clock.set_now(None)
        forget_settings()
        redis.stop()
        postgres.stop()
        shutil.rmtree(var, ignore_errors=True)


def _address(server: str, name: str) -> str:
    return server.replace("/postgres?", f"/{name}?", 1)


def _migrated(server: str, address: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    command = (tool("alembic"), "-c", str(ROOT / "migrations" / "alembic.ini"), "upgrade", "head")
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"DATABASE_URL": address}, capture_output=True)


def _copied(server: str, name: str, source: str = TEMPLATE) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")
    return _address(server, name)


def copied(address: str, name: str) -> str:
    """A copy of the database at `address`, to which nobody may be connected; returns its own address."""
    server, _, rest = address.partition("?")
    front, _, source = server.rpartition("/")
    return _copied(f"{front}/postgres?{rest}", name, source)


def web(port: int) -> Process:
    served = ("--interface", "wsgi", "--factory", "app:create_app", "--host", "127.0.0.1", "--port", str(port))
    size = ("--workers", "2", "--blocking-threads", "4", "--no-ws", "--workers-kill-timeout", "1")
    return Process("web", (tool("granian"), *served, *size), rank=0)


def relay() -> Process:
    return Process("relais", flask("relay"), rank=0)


def counted() -> None:
    """Count what was written for the planner at once, as the database does by itself within a minute."""
    with _opened() as there:
        there.execute("ANALYZE")


def _opened() -> psycopg.Connection[tuple[object, ...]]:
    """A connection to the database that everything works on."""
    return psycopg.connect(get_engine().url.set(drivername="postgresql").render_as_string(hide_password=False))


def faults() -> int:
    """How many invariants `flask verifier` says do not hold.

    A row runs no more programs than it measures: what waits for those that do not run waits from now on.
    """
    counted()
    with _opened() as there:
        there.execute("UPDATE outbox_fact SET at = clock_timestamp() WHERE expanded_at IS NULL")
        there.execute("UPDATE outbox_delivery SET wake_at = clock_timestamp() WHERE state IN ('due', 'sent', 'taken')")
    done = subprocess.run(flask("verifier"), cwd=ROOT, capture_output=True, text=True, check=False)
    said = done.stdout.strip().splitlines()
    if done.returncode not in (0, 1) or (done.returncode and not said):
        raise RuntimeError(f"flask verifier failed:\n{done.stderr}")
    for line in said if done.returncode else ():
        print(line)
    return len(said) if done.returncode else 0


def wait_until(condition: Callable[[], bool], seconds: float, what: str, every: float = 0.01) -> float:
    """Wait, looking every so many seconds, as looking takes its share too; how long it took. Raises TimeoutError."""
    start = time.perf_counter()
    while not condition():
        if time.perf_counter() - start > seconds:
            raise TimeoutError(f"{what} took more than {seconds:.0f} s")
        time.sleep(every)
    return time.perf_counter() - start

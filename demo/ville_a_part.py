"""A whole town of its own, on free ports, for as long as a block lasts: what `flask demo jouer` plays in."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from demo.environment import Ports, town_environment
from demo.image import from_image, image
from demo.lancer import ROOT, Impossible, apart, flask, start_engines, start_town, town_programs, worker
from demo.supervisor import Supervisor

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
FIRST_PORT, LAST_PORT = 20_000, 32_000  # below those that Linux gives to whoever calls out


@dataclass(frozen=True, slots=True)
class VilleAPart:
    """A running town: its supervisor, and where its pages, its Stripe and its mailbox answer."""

    supervisor: Supervisor
    var_dir: Path
    site: str
    stripe: str
    courrier: str


@contextmanager
def ville_a_part(var_dir: Path, installer: tuple[str, ...], nom_image: str | None = None) -> Iterator[VilleAPart]:
    """Start a fresh town in `var_dir` (emptied first) installed by `flask demo installer` with these options.

    With `nom_image` its own programs run from that container image, two of each, on the engines that DATABASE_URL and
    REDIS_URL name. This process takes the town's settings, so that use cases called here act on it. Everything is
    stopped at the end; the data stay.
    """
    shutil.rmtree(var_dir, ignore_errors=True)
    var_dir.mkdir(parents=True)
    ports = free_ports()
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    # The clock is moved by hours at a time: the timetable must look often, in real time, to follow.
    environment = town_environment(kept, var_dir, ports) | {"TIMETABLE_POLL_SECONDS": "1"}
    supervisor = Supervisor(ROOT, var_dir, environment, lambda line: None)
    supervisor.listen_to_signals()
    with ExitStack() as ending:
        found = ending.enter_context(image(nom_image)) if nom_image else None
        ending.callback(supervisor.stop)
        supervisor.environment |= start_engines(supervisor, engines_outside() if found else {}, var_dir)
        programs = town_programs(environment, kept, var_dir, ports)
        # A second worker for documents: whoever plays a week waits for hundreds of PDFs.
        behind = (*apart(), *programs.behind[1:], worker("ouvrier-documents-bis", "documents", threads=1))
        fresh = replace(programs, install=flask("demo", "installer", *installer), behind=behind)
        if found:
            fresh = from_image(found, replace(fresh, behind=behind[:-1]), supervisor.environment, var_dir, ports)
        start_town(supervisor, fresh, ports.web)
        os.environ.update(supervisor.environment)
        site, stripe, courrier = (f"http://127.0.0.1:{port}" for port in (ports.web, ports.stripe, ports.courrier))
        yield VilleAPart(supervisor, var_dir, site, stripe, courrier)


def engines_outside() -> dict[str, str]:
    """The engines that the environment names: what runs in a container does not reach the embedded ones' sockets."""
    named = {name: os.environ.get(name, "") for name in ("DATABASE_URL", "REDIS_URL")}
    if not all(named.values()):
        raise Impossible(
            "Avec --image, donnez DATABASE_URL et REDIS_URL : une base vide, et un Redis, hors des conteneurs."
        )
    return named


def free_ports() -> Ports:
    """Five ports that nobody listens on, as a town lays them out."""
    start = FIRST_PORT + os.getpid() * 40 % (LAST_PORT - FIRST_PORT)
    for first in [*range(start, LAST_PORT, 40), *range(FIRST_PORT, start, 40)]:
        ports = Ports(first)
        if all(map(_is_free, (ports.web, ports.second_web, ports.stripe, ports.courrier, ports.smtp))):
            return ports
    raise OSError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) != 0

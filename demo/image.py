"""The town's own programs run from the container image, two of each at once: what an installation does, on one machine.

The world outside (Stripe, mailbox) and the engines stay beside it. By Docker where its daemon answers, else by buildah,
as `make image` builds it; both share the machine's network, so that the town's addresses hold inside too.
"""

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from demo.environment import Ports
from demo.lancer import Impossible, Programs, web_command
from demo.supervisor import Process

INSIDE = "/town"
"""Where the programs find the town's folder, which holds its clock; they may only read it."""
OF_THE_MACHINE = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PWD", "VIRTUAL_ENV")
BUILDAH = ("buildah", "--storage-driver", "vfs")


@dataclass(frozen=True, slots=True)
class Image:
    """How to run a command in the image: what stands before its settings, and before the command itself."""

    run: tuple[str, ...]
    name: tuple[str, ...]

    def command(self, words: Sequence[str], environment: Mapping[str, str], var_dir: Path) -> tuple[str, ...]:
        told = {name: value for name, value in environment.items() if name not in OF_THE_MACHINE}
        told |= {"VAR_DIR": "/app/var", "CLOCK_SHIFT_FILE": f"{INSIDE}/horloge"}
        settings = (part for name, value in told.items() for part in ("--env", f"{name}={value}"))
        program = Path(words[0]).name  # the image has its own, on its PATH
        return (*self.run, "--volume", f"{var_dir}:{INSIDE}:ro", *settings, *self.name, program, *words[1:])


@contextmanager
def image(name: str) -> Iterator[Image]:
    """The image of that name, ready to run commands. Raises `Impossible` when it is not here."""
    if _succeeds("docker", "image", "inspect", name):
        yield Image(("docker", "run", "--rm", "--network", "host"), (name,))
        return
    if shutil.which("buildah") is None or not _succeeds(*BUILDAH, "inspect", "--type", "image", name):
        raise Impossible(f"L’image « {name} » n’est pas sur cette machine. Construisez-la : make image")
    made = subprocess.run([*BUILDAH, "from", name], capture_output=True, text=True, check=True).stdout.strip()
    try:
        yield Image((*BUILDAH, "run", "--isolation", "chroot"), (made, "--"))
    finally:
        subprocess.run([*BUILDAH, "rm", made], capture_output=True, check=False)


def from_image(
    given: Image, programs: Programs, environment: Mapping[str, str], var_dir: Path, ports: Ports
) -> Programs:
    """The same town, its own programs from the image: two webs, relays, timetables, and workers of each kind."""

    def inside(process: Process, key: str) -> Process:
        settings = {**environment, **process.environment}
        return replace(process, key=key, command=given.command(process.command, settings, var_dir), stop_seconds=10.0)

    second = replace(programs.web, command=web_command(ports.second_web))
    return replace(
        programs,
        migrate=given.command(programs.migrate, environment, var_dir),
        web=inside(programs.web, "web"),
        behind=(
            inside(second, "web-2"),
            *(inside(process, f"{process.key}-{copy}") for process in programs.behind for copy in (1, 2)),
        ),
    )


def _succeeds(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0

"""P9: `make run` where nothing is set up yet, then once more; and what the whole town holds in memory.

The folder is copied as a clone would give it: what a set-up makes is left behind. What it downloads comes by the
machine's own network, once.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.figures import Figure
from bench.processes import descendants, shared_memory
from demo.lancer import ROOT
from demo.ville_a_part import free_ports
from kernel.settings import Settings

figure = partial(Figure, "P9")
MADE = (".venv", ".git", "node_modules", "vendor", "var", "build", ".hypothesis", ".pytest_cache", ".mypy_cache",
        ".ruff_cache", ".import_linter_cache", "__pycache__", "*.egg-info")  # fmt: skip
# A town of its own: none of this process's settings, nor of the `make` that runs the bench.
FOREIGN = {*map(str.upper, Settings.model_fields), "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON"}
AGAIN = 3
SETTLE_SECONDS = 10.0
LONGEST_SECONDS = 600.0
READY = "Prêt : "


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds until the town says that it is ready; bytes that all its processes hold together, some seconds later."""

    seconds: float
    memory: int


def start(folder: Path, *, settle: float = SETTLE_SECONDS) -> Started:
    """`make run` in that folder, until its memory has been read. Raises RuntimeError with its last lines."""
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    environment |= {"PORT": str(free_ports().web), "VAR_DIR": str(folder / "var")}
    begun = time.perf_counter()
    with _running(folder, environment) as (town, log):
        while READY not in log.read_text(errors="replace"):
            if town.poll() is not None or time.perf_counter() - begun > LONGEST_SECONDS:
                raise RuntimeError(f"`make run` did not come up:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        seconds = time.perf_counter() - begun
        time.sleep(settle)
        return Started(seconds, shared_memory(descendants(town.pid)))


@contextmanager
def _running(folder: Path, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The town, stopped as by Ctrl-C."""
    log = folder / "make-run.log"
    with log.open("wb") as output:
        town = subprocess.Popen(
            ["make", "run"], cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield town, log
    finally:
        _stop(town)


def _stop(town: subprocess.Popen[bytes]) -> None:
    """Everything ends with it, or is ended: it leads a process group, and the engines those of their own."""
    rest = descendants(town.pid)
    os.killpg(town.pid, signal.SIGINT)
    try:
        town.wait(30)
    except subprocess.TimeoutExpired:
        for pid in rest:
            os.kill(pid, signal.SIGKILL)
        town.wait()


@contextmanager
def clone() -> Iterator[Path]:
    """This folder as a clone would give it."""
    above = Path(tempfile.mkdtemp(prefix="bench-clone-"))
    try:
        yield Path(shutil.copytree(ROOT, above / "ville", ignore=shutil.ignore_patterns(*MADE)))
    finally:
        shutil.rmtree(above, ignore_errors=True)


def run() -> list[Figure]:
    with clone() as folder:
        first = start(folder)
        again = [start(folder, settle=1) for _ in range(AGAIN)]
    return told(first, again)


def told(first: Started, again: list[Started]) -> list[Figure]:
    second = sorted(one.seconds for one in again)[len(again) // 2]
    return [
        figure("`make run`, rien en place", first.seconds, "s",
               "From the clone to « Prêt »: libraries, fonts, engines, the demo town; one run, the network's share "
               "included.", most=90),
        figure("`make run`, la fois d’après", second, "s", "Of three, the one in the middle.", most=5),
        figure("mémoire de toute la ville", first.memory / 1e6, "Mo",
               "All processes, engines and the world outside included, ten seconds later; what is shared counts once.",
               most=400),
    ]  # fmt: skip

"""Keeps a list of programs running, restarts those that die, and stops them in order, leaving nothing behind.

The caller's thread does all the work: signals only raise a flag, which every wait looks at, so that a stop can come at
any moment of the start as well.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from kernel.embedded import EmbeddedServer
from kernel.embedded_process import log_file, spawn

POLL_SECONDS = 0.1
LONGEST_PAUSE = 30.0
SETTLED_AFTER = 60.0


class Stopped(Exception):
    """Somebody asked for the end (Ctrl-C, SIGTERM, a closed terminal)."""


class StepFailed(Exception):
    """A command that had to succeed did not; the message is the end of its log."""


@dataclass(frozen=True)
class Process:
    """A program to keep running. Those of the lowest `rank` are stopped first; `key` names its log file."""

    key: str
    command: Sequence[str]
    rank: int
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = 2.0


@dataclass
class _Child:
    process: Process
    popen: subprocess.Popen[bytes]
    started: float
    deaths: int = 0
    restart_at: float | None = None


class Supervisor:
    """Programs run in `folder` with `environment`; their output goes to `var_dir`/journaux/<key>.log."""

    def __init__(self, folder: Path, var_dir: Path, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.folder = folder
        self.var_dir = var_dir
        self.environment = dict(environment)
        self.say = say
        self._children: list[_Child] = []
        self._engines: list[tuple[Callable[[], EmbeddedServer], EmbeddedServer]] = []
        self._stop_asked = False

    def listen_to_signals(self) -> None:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._ask_for_stop)

    def _ask_for_stop(self, *_: object) -> None:
        self._stop_asked = True

    def add_engine(self, start: Callable[[], EmbeddedServer]) -> EmbeddedServer:
        """Start an embedded server now, and again whenever it dies."""
        server = start()
        self._engines.append((start, server))
        return server

    def add(self, process: Process) -> None:
        """Start a program now, and again whenever it dies."""
        log_file(self.var_dir, process.key).write_bytes(b"")
        self._children.append(_Child(process, self._spawn(process), time.monotonic()))

    def run_step(self, key: str, command: Sequence[str]) -> None:
        """Run a command to its end, watching the others meanwhile. Raises `StepFailed`, `Stopped`."""
        step = Process(key, command, rank=0)
        log_file(self.var_dir, key).write_bytes(b"")
        popen = self._spawn(step)
        try:
            while popen.poll() is None:
                self.pause(0.02)
        finally:
            _end_group(popen)
        if popen.returncode:
            raise StepFailed(self.end_of_log(key))

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether `condition` came true in time, watching the programs meanwhile. Raises `Stopped`."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.pause(POLL_SECONDS)
        return True

    def watch(self) -> None:
        """Keep everything running until `Stopped` is raised."""
        while True:
            self.pause(POLL_SECONDS)

    def pause(self, seconds: float) -> None:
        """One short wait, and a look at every program. Raises `Stopped`."""
        if self._stop_asked:
            raise Stopped
        time.sleep(seconds)
        self._revive_engines()
        for child in self._children:
            self._revive(child)

    def stop(self) -> None:
        """Stop the programs rank by rank, then the engines together. Nothing is left running."""
        for rank in sorted({child.process.rank for child in self._children}):
            self._stop_rank([child for child in self._children if child.process.rank == rank])
        for _, server in self._engines:
            server.ask_to_stop()
        for _, server in self._engines:
            server.stop()
        self._children.clear()
        self._engines.clear()

    def end_of_log(self, key: str, lines: int = 12) -> str:
        return "\n".join(log_file(self.var_dir, key).read_text(errors="replace").splitlines()[-lines:])

    def _spawn(self, process: Process) -> subprocess.Popen[bytes]:
        environment = self.environment | dict(process.environment)
        log = log_file(self.var_dir, process.key)
        return spawn(process.command, log, signal.SIGTERM, folder=self.folder, environment=environment)

    def _revive(self, child: _Child) -> None:
        now = time.monotonic()
        if child.restart_at is None and child.popen.poll() is not None:
            _end_group(child.popen)
            child.deaths = child.deaths + 1 if now - child.started < SETTLED_AFTER else 1
            pause = min(2.0 ** (child.deaths - 1), LONGEST_PAUSE)
            child.restart_at = now + pause
            log = log_file(self.var_dir, child.process.key)
            self.say(f"« {child.process.key} » s’est arrêté ; redémarrage dans {pause:.0f} s (voir {log}).")
        if child.restart_at is not None and now >= child.restart_at:
            child.popen, child.started, child.restart_at = self._spawn(child.process), now, None

    def _revive_engines(self) -> None:
        for index, (start, server) in enumerate(self._engines):
            if not server.running():
                self.say("Un moteur de données s’est arrêté ; il redémarre.")
                self._engines[index] = (start, start())

    def _stop_rank(self, children: list[_Child]) -> None:
        for child in children:
            if child.popen.poll() is None:
                child.popen.terminate()
        for child in children:
            deadline = time.monotonic() + child.process.stop_seconds
            while child.popen.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
        for child in children:
            _end_group(child.popen)


def _end_group(popen: subprocess.Popen[bytes]) -> None:
    """End a program and whatever it started, at once."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(popen.pid, signal.SIGKILL)
    popen.wait()

"""The world outside, each piece a real process on a free port of the loopback, stopped by its own id."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass
class Outside:
    """A process of ours, `python -m module`, that answers at `url` once `ready` does."""

    module: str
    arguments: list[str]
    port: int
    ready: str
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", self.module, "--port", str(self.port), *self.arguments]
        self.process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        wait_for(self._answers)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"{self.module} ended with {self.process.returncode}"
        try:
            return requests.get(self.url + self.ready, timeout=1).ok
        except requests.ConnectionError:
            return False

    def end(self, how: int = signal.SIGTERM) -> float:
        """Send the signal and wait for the end; returns the seconds it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(timeout=5)
        return time.monotonic() - began


def wait_for(holds: Callable[[], object], seconds: float = 10.0) -> None:
    """Poll until `holds()` is true; fails after `seconds`."""
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, "what was awaited did not come"
        time.sleep(0.01)


def running(outside: Outside) -> Iterator[Outside]:
    outside.start()
    yield outside
    if outside.process is not None and outside.process.poll() is None:
        outside.end(signal.SIGKILL)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

"""The world outside, each piece a real process on a free port of the loopback, stopped by its own id."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

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
        wait_for(self._answers, 60)

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


class Receiver:
    """An endpoint for webhooks: keeps what it is sent, answers the statuses asked for, then 200."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, str]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((body, self.headers["Stripe-Signature"]))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def forget(self) -> None:
        self.received.clear()
        self.statuses.clear()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

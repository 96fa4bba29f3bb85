"""Wires with a knife: everything a worker says to PostgreSQL and to Stripe, and hears from them, passes here.

Each chunk that passes, in either direction, is a point where the worker can be killed: before the chunk is handed on,
so what was sent is lost, or what was answered is never heard. Counting the chunks of one good run enumerates every
crash point: every statement, every commit and its answer, every request to Stripe and its reply.
"""

import contextlib
import os
import selectors
import signal
import socket
import threading
from pathlib import Path

CHUNK = 1 << 20


class Fils:
    """Two listening wires: a unix socket to PostgreSQL in `folder`, a port to Stripe."""

    def __init__(self, folder: Path, postgres: str, stripe_port: int) -> None:
        self.folder = folder
        self._postgres, self._stripe_port = postgres, stripe_port
        self._lock = threading.Lock()
        self.passes = 0
        self._cut_at: int | None = None
        self._pid = 0
        self._open = [self._listen_unix(folder / ".s.PGSQL.5432"), self._listen_port()]
        self.port: int = self._open[1].getsockname()[1]
        for listener, reach in zip(self._open, (self._to_postgres, self._to_stripe), strict=True):
            threading.Thread(target=self._accept, args=(listener, reach), daemon=True).start()

    def watch(self, pid: int, cut_at: int | None) -> None:
        """Count anew; kill `pid` when chunk number `cut_at` (from 0) arrives. None: never."""
        with self._lock:
            self.passes, self._pid, self._cut_at = 0, pid, cut_at

    def close(self) -> None:
        for listener in self._open:
            listener.close()

    @staticmethod
    def _listen_unix(path: Path) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        listener.listen(64)
        return listener

    @staticmethod
    def _listen_port() -> socket.socket:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        return listener

    def _to_postgres(self) -> socket.socket:
        far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        far.connect(self._postgres)
        return far

    def _to_stripe(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._stripe_port))

    def _accept(self, listener: socket.socket, reach) -> None:  # type: ignore[no-untyped-def]
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near, reach()), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with near, far, selectors.DefaultSelector() as ready, contextlib.suppress(OSError):
            ready.register(near, selectors.EVENT_READ, far)
            ready.register(far, selectors.EVENT_READ, near)
            while True:
                for key, _ in ready.select():
                    chunk = key.fileobj.recv(CHUNK)  # type: ignore[union-attr]
                    if not chunk or self._cut():
                        return
                    key.data.sendall(chunk)

    def _cut(self) -> bool:
        """Whether this chunk is the last thing that the worker lived to send or to be sent."""
        with self._lock:
            number, self.passes = self.passes, self.passes + 1
            if self._cut_at is None or number < self._cut_at:
                return False
            if number == self._cut_at:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)
            return True

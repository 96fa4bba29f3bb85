"""What the embedded engines share: a server started as a child, stopped firmly, alone on its folder, on a short socket.

A server dies with the process that started it, even by `kill -9`, as Linux sends it the signal of a clean stop.
(Linux looks at the *thread* that started it: start engines from one that stays.)
"""

import ctypes
import fcntl
import hashlib
import os
import pwd
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

LOGS = "journaux"
START_SECONDS = 30.0
_SOCKET_BYTES = 100
_PR_SET_PDEATHSIG = 1


class EngineFailure(RuntimeError):
    """An embedded server cannot be started; the message says which and what it printed last."""


@dataclass(frozen=True)
class EmbeddedServer:
    """A server that answers at `url`; `process` is None when another process started it."""

    url: str
    process: subprocess.Popen[bytes] | None
    sockets: Path
    stop_signals: tuple[tuple[signal.Signals, float], ...] = ()

    def running(self) -> bool:
        """False once a server that this process started has died."""
        return self.process is None or self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Send the first signal only, so that several servers can go down together before each is waited for."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signals[0][0])

    def stop(self) -> None:
        """Stop the server within seconds, more and more firmly; leave it alone if another process started it."""
        if self.process is None:
            return
        for stop_signal, seconds in self.stop_signals:
            if self.process.poll() is not None:
                break
            self.process.send_signal(stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        with suppress(OSError):  # a short folder made for the socket is empty now; the data's own is not
            self.sockets.rmdir()


def spawn(
    command: Sequence[str],
    log: Path,
    parting: signal.Signals,
    account: pwd.struct_passwd | None = None,
    *,
    folder: Path = Path("/"),
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server that gets the signal `parting` when this process dies, and no Ctrl-C of its terminal.

    It leads a process group of its own, so that its children can be ended with it.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            start_new_session=True,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=die_with_parent(parting),  # noqa: PLW1509 - one prctl call, safe after a fork
        )


def die_with_parent(parting: signal.Signals) -> Callable[[], None]:
    """What a child runs before its program, to be sent `parting` when its parent dies. Does nothing outside Linux."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, int(parting))
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return ask


def wait_for(process: subprocess.Popen[bytes], answers: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            last_lines = log.read_text(errors="replace").splitlines()[-8:]
            raise EngineFailure("\n".join([f"The server did not start; the end of {log}:", *last_lines]))
        time.sleep(0.02)


@contextmanager
def alone(var_dir: Path, name: str) -> Iterator[None]:
    """One start at a time for each engine of a folder; a second one then finds the first one's server."""
    var_dir.mkdir(parents=True, exist_ok=True)
    with (var_dir / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def log_file(var_dir: Path, name: str) -> Path:
    folder = var_dir.resolve() / LOGS
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"


def socket_folder(data: Path, name: str) -> Path:
    """The data's own folder, or a private short one where the socket's path would be too long (or hold a comma)."""
    if len(os.fsencode(data / name)) <= _SOCKET_BYTES and "," not in str(data):
        return data
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path("/tmp") / f"engine-{digest}"  # noqa: S108 - TMPDIR may be long too; `own` refuses anybody else's folder


def own(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Make `folder` private to whoever runs the server; raises `EngineFailure` if somebody else's stands there."""
    owner = account.pw_uid if account else os.geteuid()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, os.geteuid()):
        raise EngineFailure(f"{folder} belongs to somebody else.")
    folder.chmod(0o700)
    if account and found.st_uid != owner:
        os.chown(folder, account.pw_uid, account.pw_gid)

"""What processes take: CPU, and memory that is theirs alone, read from /proc while they work."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int) -> float:
    """Seconds of CPU that the process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def own_memory(pid: int) -> int:
    """Bytes that are the process's alone: what it shares with others (PostgreSQL's buffers) does not count."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) * 1024


def peak_memory(pid: int | str = "self") -> int:
    """The highest resident memory of the process so far, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@dataclass(slots=True)
class Watched:
    """The most memory of its own that a process was seen to hold."""

    peak: int = 0


@contextmanager
def watching(pid: int, every: float = 0.02) -> Iterator[Watched]:
    seen = Watched(own_memory(pid))
    over = threading.Event()

    def look() -> None:
        while not over.wait(every):
            seen.peak = max(seen.peak, own_memory(pid))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
        seen.peak = max(seen.peak, own_memory(pid))


def descendants(pid: int) -> set[int]:
    """The process and all that it has started, and that those have."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, left = set(), [pid]
    while left:
        one = left.pop()
        found.add(one)
        left += children.get(one, [])
    return found


def started(program: str) -> set[int]:
    """Of what this process has started, and those in turn, the processes of that program."""
    found = set()
    for pid in descendants(os.getpid()):
        with suppress(OSError):  # it has just ended
            if program.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
    return found


def shared_memory(pids: set[int]) -> int:
    """Bytes of memory that these processes hold together: what several share is divided among them (PSS)."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:  # it has just ended
            continue
        total += int(lines.partition("Pss:")[2].split()[0]) * 1024
    return total

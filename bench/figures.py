"""A figure and how it is taken: medians of five runs after one to warm up, in CPU and in wall-clock time."""

import math
import multiprocessing
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `most` or `least` is what it must not pass; a figure without is there to compare with.

    `meaning` says in plain English what was done; `value` is in `unit`.
    """

    row: str
    what: str
    value: float
    unit: str
    meaning: str
    most: float | None = None
    least: float | None = None

    @property
    def reached(self) -> bool | None:
        if self.most is None and self.least is None:
            return None
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)

    @property
    def target(self) -> str:
        if self.most is not None:
            return f"≤ {shown(self.most)}"
        return f"≥ {shown(self.least)}" if self.least is not None else ""

    @property
    def verdict(self) -> str:
        return {True: "atteint", False: "manqué", None: "repère"}[self.reached]


@dataclass(frozen=True, slots=True)
class Taken:
    """Medians, in seconds."""

    cpu: float
    wall: float


def shown(value: float) -> str:
    """Three figures that count, as French writes them: ``0,46``, ``12,3``, ``1 870``; what is counted stays whole."""
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value and not isinstance(value, int) else 0
    return f"{value:,.{min(digits, 3)}f}".replace(",", " ").replace(".", ",")


def take(work: Callable[[], object], runs: int = RUNS) -> Taken:
    """The medians of `runs` runs, after one that does not count."""
    work()
    cpus, walls = [], []
    for _ in range(runs):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        cpus.append(time.process_time() - cpu)
        walls.append(time.perf_counter() - wall)
    return Taken(statistics.median(cpus), statistics.median(walls))


def exponent(small: float, large: float, times: float = 10) -> float:
    """How the cost grows with the size: 1 is in proportion, 2 is its square."""
    return math.log(large / small, times)


def peak_of(work: Callable[..., Any], *given: Any) -> tuple[int, Any]:
    """The highest resident memory, in bytes, of a process of its own that does the work; and what it returned."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        peak, made = pool.apply(_peak, (work, given))
        return int(peak), made


def _peak(work: Callable[..., Any], given: tuple[Any, ...]) -> tuple[int, Any]:
    made = work(*given)
    status = Path("/proc/self/status").read_text()  # getrusage would tell the parent's peak, where that is higher
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024, made

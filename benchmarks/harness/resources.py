"""Memory and processor time of a server's processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import linear_regression, mean

import psutil

Tree = Callable[[], list[psutil.Process]]
_MIB = 2**20


def rss_mib(tree: Sequence[psutil.Process]) -> float:
    """Resident memory of all of them; one that has just ended counts nothing."""
    total = 0
    for process in tree:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / _MIB


def cpu_seconds(tree: Sequence[psutil.Process]) -> dict[str, float]:
    """User and system time of each process since its start, by role."""
    seconds: dict[str, float] = {}
    for process in tree:
        try:
            times = process.cpu_times()
            name = role(process.cmdline())
        except psutil.NoSuchProcess:
            continue
        seconds[name] = seconds.get(name, 0.0) + times.user + times.system
    return seconds


def busy_seconds() -> float:
    """Processor time that everyone on this machine has taken since it started."""
    times = psutil.cpu_times()
    return times.user + times.nice + times.system + times.irq + times.softirq + times.steal


def role(command: Sequence[str]) -> str:
    """What a process is for, from its command line, without any path."""
    if "--service-name" in command:
        return f"service {command[command.index('--service-name') + 1]}"
    words = {part.rpartition("/")[2] for part in command}
    known = {"uvicorn": "server", "ekiben": "Ekiben's supervisor", "bentoml": "BentoML's arbiter"}
    return next((name for word, name in known.items() if word in words), "other")


@dataclass(frozen=True, slots=True)
class MemorySeries:
    """Resident memory over time: seconds since the start, and MiB."""

    seconds: list[float]
    mib: list[float]

    def between(self, first: float, last: float) -> float:
        """Mean over a part of the series, given as shares of its length."""
        length = self.seconds[-1]
        part = [m for s, m in zip(self.seconds, self.mib, strict=True) if first * length <= s <= last * length]
        return mean(part or self.mib)

    def slope_mib_per_minute(self, first: float) -> float:
        """Of a straight line through everything after the share `first` of the series."""
        start = first * self.seconds[-1]
        points = [(s, m) for s, m in zip(self.seconds, self.mib, strict=True) if s >= start]
        if len(points) < 2:
            return 0.0
        return linear_regression([s for s, _ in points], [m for _, m in points]).slope * 60


class MemorySampler:
    """Samples a tree's memory from a thread for the length of a `with` block."""

    def __init__(self, tree: Tree, every_s: float = 0.5) -> None:
        self._tree, self._every_s = tree, every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._seconds: list[float] = []
        self._mib: list[float] = []

    def __enter__(self) -> MemorySampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def series(self) -> MemorySeries:
        """Everything sampled."""
        return MemorySeries(self._seconds, self._mib)

    def _sample(self) -> None:
        started = time.monotonic()
        while True:
            self._mib.append(rss_mib(self._tree()))
            self._seconds.append(time.monotonic() - started)
            if self._over.wait(self._every_s):
                return

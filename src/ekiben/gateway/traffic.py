"""What one model has been asked lately, and what that took: the observations that scaling goes by."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

MINUTE_S: Final = 60.0
_HOLD_S: Final = 600.0
"""For so long the highest rate counts, before fewer replicas may be wanted."""
_SLICE_S: Final = 1.0
_MEMORY: Final = 0.9
"""Of what was known of the time for one, what stays when something new is known at a look."""
_COMPUTING: Final = frozenset({"compute", "first_token", "generate", "encode", "denoise", "decode"})
"""The stages of an answer in which it holds a slot; in the others it waits, or only the processor is busy."""


class Traffic:
    """One model's arrivals and the seconds for one; used on one event loop.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._arrivals: deque[tuple[float, int]] = deque()
        self._rates: deque[tuple[float, float]] = deque()
        self._busy_s = self._done = 0.0
        self._new_busy_s, self._new_done = 0.0, 0

    def arrived(self, items: int) -> None:
        """So many were asked for, also where they were refused."""
        now = self._clock()
        if self._arrivals and now - self._arrivals[-1][0] < _SLICE_S:
            begun, before = self._arrivals.pop()
            self._arrivals.append((begun, before + items))
        else:
            self._arrivals.append((now, items))

    def answered(self, items: int, stages: Mapping[str, float]) -> None:
        """So many were computed together, with these seconds in each stage."""
        self.computed(items, items * sum(spent for stage, spent in stages.items() if stage in _COMPUTING))

    def computed(self, items: int, busy_s: float) -> None:
        """So many were computed, and held a slot for so many seconds taken together."""
        self._new_done += items
        self._new_busy_s += busy_s

    def look(self) -> tuple[float, float]:
        """Arrivals a second over the last minute; the most of that seen at a look in ten."""
        self._remember()
        now = self._clock()
        while self._arrivals and self._arrivals[0][0] <= now - MINUTE_S:
            self._arrivals.popleft()
        rate = sum(items for _, items in self._arrivals) / MINUTE_S
        self._rates.append((now, rate))
        while self._rates[0][0] <= now - _HOLD_S:
            self._rates.popleft()
        return rate, max(seen for _, seen in self._rates)

    def held(self) -> tuple[float, float]:
        """Seconds that those computed lately held a slot, taken together, and their number; as of the last look."""
        return self._busy_s, self._done

    def _remember(self) -> None:
        if self._new_done and self._new_busy_s:
            self._busy_s = _MEMORY * self._busy_s + self._new_busy_s
            self._done = _MEMORY * self._done + self._new_done
            self._new_busy_s, self._new_done = 0.0, 0

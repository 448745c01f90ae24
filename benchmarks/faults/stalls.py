"""When the machine itself stood still: a virtual one that was paused, or a harness that was stopped from outside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

_LOOK_S = 0.25
_LONG_S = 2.0


@dataclass
class Stalls:
    """Gaps in the time of the process that watches, as pairs of monotonic seconds; no fault of ours makes one."""

    found: list[tuple[float, float]] = field(default_factory=list)

    async def watch(self) -> None:
        """Look until cancelled."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(_LOOK_S)
            now = time.monotonic()
            if now - last > _LONG_S:
                self.found.append((last, now))
            last = now

    @property
    def seconds(self) -> float:
        """In all."""
        return sum(end - begin for begin, end in self.found)


def without(stalls: Sequence[tuple[float, float]], begin: float, end: float) -> float:
    """Seconds from one moment to another in which the machine ran."""
    return end - begin - sum(max(0.0, min(end, to) - max(begin, since)) for since, to in stalls)

"""What a replay came to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Outcome:
    """One strategy on one trace.

    Args:
        strategy: Its name.
        tick_s: Seconds of a tick.
        first_tick: Ticks before it are the first cold start, which no strategy can avoid; they are paid, not judged.
        needed: Replicas needed, shape (ticks,).
        serving: Replicas that served, shape (ticks,).
        spot: Spot instances paid for, shape (ticks,).
        on_demand: On-demand instances paid for, shape (ticks,).
        cost: Of the whole, in on-demand replica-hours where the on-demand price is 1.
        losses: Spot instances taken away while in use.
        launches: Instances started.
    """

    strategy: str
    tick_s: float
    first_tick: int
    needed: NDArray[np.int64]
    serving: NDArray[np.int64]
    spot: NDArray[np.int64]
    on_demand: NDArray[np.int64]
    cost: float
    losses: int
    launches: int

    @property
    def availability(self) -> float:
        """Share of the judged ticks in which as many served as were needed; 1 where none is judged."""
        enough = self.serving[self.first_tick :] >= self.needed[self.first_tick :]
        return float(enough.mean()) if enough.size else 1.0

    @property
    def served_share(self) -> float:
        """Share of the needed replica-ticks that were served; above `availability`, since most shortfalls are partial."""
        needed = self.needed[self.first_tick :]
        total = int(needed.sum())
        return float(np.minimum(self.serving[self.first_tick :], needed).sum() / total) if total else 1.0

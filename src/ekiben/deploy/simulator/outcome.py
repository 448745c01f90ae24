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
    needed: NDArray[np.int64]
    serving: NDArray[np.int64]
    spot: NDArray[np.int64]
    on_demand: NDArray[np.int64]
    cost: float
    losses: int
    launches: int

    @property
    def availability(self) -> float:
        """Share of the ticks in which as many served as were needed."""
        return float((self.serving >= self.needed).mean())

    @property
    def served_share(self) -> float:
        """Share of the needed replica-ticks that were served; most shortfalls are partial."""
        total = int(self.needed.sum())
        return float(np.minimum(self.serving, self.needed).sum() / total) if total else 1.0

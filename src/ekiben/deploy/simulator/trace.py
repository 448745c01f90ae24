"""A trace: how many spot instances each pool would have given, tick by tick."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ekiben.deploy.policy import Pool
from ekiben.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Trace:
    """Capacity over time.

    Args:
        name: For tables and plots.
        tick_s: Seconds of a tick.
        pools: The pools, one for each column.
        capacity: Instances that could be held, shape (ticks, pools), integers.

    Raises:
        OperatorError: The shapes do not fit, or a capacity is negative.
    """

    name: str
    tick_s: float
    pools: tuple[Pool, ...]
    capacity: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.capacity.ndim != 2 or self.capacity.shape[1] != len(self.pools) or not len(self.capacity):
            raise OperatorError(f"{self.name}: capacity of shape {self.capacity.shape} for {len(self.pools)} pools")
        if (self.capacity < 0).any():
            raise OperatorError(f"{self.name}: a capacity is negative")

    @property
    def ticks(self) -> int:
        """How many ticks it has."""
        return len(self.capacity)

    @property
    def hours(self) -> float:
        """How long it is."""
        return self.ticks * self.tick_s / 3600

    def priced(self, spot_price: float) -> Trace:
        """The same with this spot price in every pool."""
        return replace(self, pools=tuple(replace(pool, spot_price=spot_price) for pool in self.pools))


def beside(traces: list[Trace], name: str) -> Trace:
    """Several traces as the pools of one deployment, as long as the shortest.

    Raises:
        OperatorError: Their ticks differ.
    """
    if len({trace.tick_s for trace in traces}) != 1:
        raise OperatorError(f"{name}: the traces have different ticks")
    ticks = min(trace.ticks for trace in traces)
    return Trace(
        name,
        traces[0].tick_s,
        tuple(pool for trace in traces for pool in trace.pools),
        np.hstack([trace.capacity[:ticks] for trace in traces]),
    )

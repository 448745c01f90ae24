"""Small traces by hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ekiben.deploy.policy import Observed, Plan, Pool
from ekiben.deploy.simulator.trace import Trace


def trace(*columns: list[int], price: float = 0.35) -> Trace:
    """A trace of a minute a tick; a column for each pool, all of one region."""
    pools = tuple(Pool("here", f"here-{index}", "g5.xlarge", price) for index in range(len(columns)))
    return Trace("toy", 60.0, pools, np.array(columns).T)


def need(count: int, ticks: int) -> NDArray[np.int64]:
    return np.full(ticks, count)


class Always:
    """Wants the same whatever happens, and keeps what it saw."""

    name = "always"

    def __init__(self, spot: tuple[int, ...], on_demand: int = 0) -> None:
        self.plan = Plan(spot, on_demand)
        self.seen: list[Observed] = []

    def __call__(self, observed: Observed) -> Plan:
        self.seen.append(observed)
        return self.plan

"""Every strategy on one trace, beside the omniscient optimum: the map of the simulator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ekiben.deploy.simulator import linear_program
from ekiben.deploy.simulator.optimum import instant_optimum
from ekiben.deploy.simulator.outcome import Outcome
from ekiben.deploy.simulator.replay import replay
from ekiben.deploy.simulator.strategies.roster import strategies
from ekiben.deploy.simulator.strategies.strategy import Strategy
from ekiben.deploy.simulator.terms import Terms
from ekiben.deploy.simulator.trace import Trace


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the strategies came to on one trace.

    Args:
        trace: The trace.
        terms: Cold start, notice and prices.
        optimum: Lowest cost of full availability that is possible with knowledge of the future, or a bound below it.
        exact: Whether the optimum is the linear program's; else it is the weaker bound.
        all_on_demand: Cost of as many on-demand instances as are needed.
        outcomes: One for each strategy.
    """

    trace: Trace
    terms: Terms
    optimum: float
    exact: bool
    all_on_demand: float
    outcomes: tuple[Outcome, ...]

    def times_optimum(self, outcome: Outcome) -> float:
        """Cost as a multiple of the optimum."""
        return outcome.cost / self.optimum

    def of_on_demand(self, outcome: Outcome) -> float:
        """Cost as a share of on-demand instances alone."""
        return outcome.cost / self.all_on_demand


def compare(
    trace: Trace,
    needed: NDArray[np.int64],
    terms: Terms,
    *,
    exact: bool = False,
    contenders: Sequence[Strategy] | None = None,
) -> Comparison:
    """Replay a trace with every strategy.

    Args:
        trace: The market.
        needed: Replicas needed, shape (ticks,), at least 1 somewhere.
        terms: Cold start, notice and prices.
        exact: Solve the linear program where it is small enough; it takes seconds to minutes.
        contenders: Fresh strategies; default: all.

    Raises:
        OperatorError: The exact optimum is asked for and HiGHS is not installed.
    """
    solved = exact and linear_program.fits(trace)
    optimum = linear_program.solve(trace, needed, terms) if solved else instant_optimum(trace, needed, terms)
    return Comparison(
        trace=trace,
        terms=terms,
        optimum=optimum,
        exact=solved,
        all_on_demand=float(needed.sum()) * terms.on_demand_price * trace.tick_s / 3600,
        outcomes=tuple(
            replay(trace, needed, strategy, terms) for strategy in (strategies() if contenders is None else contenders)
        ),
    )

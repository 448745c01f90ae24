"""The omniscient optimum's linear program, solved by HiGHS; `optimum` describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ekiben.deploy.simulator.terms import Terms
from ekiben.deploy.simulator.trace import Trace
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from highspy import HighsLp

_MOST_VARIABLES = 400_000


class _Rows:
    """Rows of a sparse matrix with their bounds, gathered block by block."""

    def __init__(self) -> None:
        self.columns: list[NDArray[np.int64]] = []
        self.values: list[NDArray[np.float64]] = []
        self.lower: list[NDArray[np.float64]] = []
        self.upper: list[NDArray[np.float64]] = []

    def add(self, plus: NDArray[np.int64], minus: NDArray[np.int64], lower: object, upper: object) -> None:
        """Rows `lower <= sum of plus - sum of minus <= upper`; plus and minus have shape (rows, terms)."""
        rows = len(plus)
        self.columns.append(np.hstack([plus, minus]))
        self.values.append(np.hstack([np.ones(plus.shape), -np.ones(minus.shape)]))
        self.lower.append(np.broadcast_to(np.asarray(lower, dtype=float), rows))
        self.upper.append(np.broadcast_to(np.asarray(upper, dtype=float), rows))


def solve(trace: Trace, needed: NDArray[np.int64], terms: Terms) -> float:
    """The optimum's cost, in the unit of the prices.

    Raises:
        OperatorError: HiGHS is not installed, or the trace is too long for it.
    """
    try:
        import highspy
    except ModuleNotFoundError:
        raise OperatorError("the exact optimum needs HiGHS: pip install 'ekiben[spot]'") from None

    model = _model(trace, needed, terms)
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("solver", "ipm")
    solver.setOptionValue("run_crossover", "off")
    solver.passModel(model)
    solver.run()
    status = solver.getModelStatus()
    if status != highspy.HighsModelStatus.kOptimal:
        raise OperatorError(f"{trace.name}: HiGHS found no optimum: {solver.modelStatusToString(status)}")
    return float(solver.getInfo().objective_function_value)


def fits(trace: Trace) -> bool:
    """Whether the program is small enough to be solved in minutes."""
    return 2 * trace.ticks * (len(trace.pools) + 1) <= _MOST_VARIABLES


def _model(trace: Trace, needed: NDArray[np.int64], terms: Terms) -> HighsLp:
    import highspy

    ticks, kinds = trace.ticks, len(trace.pools) + 1
    starts = [*[terms.cold_start_ticks(trace.tick_s)] * len(trace.pools), terms.on_demand_ticks(trace.tick_s)]
    prices = [*(pool.spot_price for pool in trace.pools), terms.on_demand_price]
    # Variable numbers: launched[kind, tick], ended[kind, tick].
    launched = np.arange(kinds * ticks).reshape(kinds, ticks)
    ended = launched + kinds * ticks
    # For each kind and tick, the tick up to which what was launched serves.
    started = np.maximum(np.arange(ticks) - np.asarray(starts)[:, None], 0)
    rows = _Rows()
    for kind in range(kinds):
        for cumulative in (launched[kind], ended[kind]):
            rows.add(cumulative[1:, None], cumulative[:-1, None], 0.0, np.inf)
        capacity = trace.capacity[:, kind] if kind < kinds - 1 else np.full(ticks, np.inf)
        rows.add(launched[kind][:, None], ended[kind][:, None], 0.0, capacity)
        rows.add(launched[kind, started[kind], None], ended[kind][:, None], 0.0, np.inf)
    rows.add(np.take_along_axis(launched, started, axis=1).T, ended.T, needed, np.inf)

    lp = highspy.HighsLp()
    lp.num_col_ = 2 * kinds * ticks
    weights = np.repeat(np.asarray(prices), ticks) * trace.tick_s / 3600
    lp.col_cost_ = np.concatenate([weights, -weights])
    lp.col_lower_ = np.zeros(lp.num_col_)
    lp.col_upper_ = np.full(lp.num_col_, np.inf)
    lp.row_lower_ = np.concatenate(rows.lower)
    lp.row_upper_ = np.concatenate(rows.upper)
    lp.num_row_ = len(lp.row_lower_)
    lengths = np.concatenate([np.full(len(block), block.shape[1]) for block in rows.columns])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(lengths)])
    lp.a_matrix_.index_ = np.concatenate([block.ravel() for block in rows.columns])
    lp.a_matrix_.value_ = np.concatenate([block.ravel() for block in rows.values])
    return lp

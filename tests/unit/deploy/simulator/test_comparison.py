from __future__ import annotations

import pytest

from ekiben.deploy.simulator.comparison import compare
from ekiben.deploy.simulator.report import COLUMNS, facts, rows
from ekiben.deploy.simulator.terms import Terms
from tests.unit.deploy.simulator.traces import need, trace


def test_every_strategy_beside_the_bound() -> None:
    found = compare(trace([4] * 60), need(2, 60), Terms(cold_start_s=60))
    assert not found.exact
    by_name = {outcome.strategy: outcome for outcome in found.outcomes}
    assert found.of_on_demand(by_name["on-demand only"]) == 1
    assert found.times_optimum(by_name["ekiben"]) == pytest.approx(1)
    assert found.times_optimum(by_name["SpotHedge +1"]) == pytest.approx(1.5)
    assert all(len(row) == len(COLUMNS) for row in rows(found))
    assert [strategy["name"] for strategy in facts(found)["strategies"]] == list(by_name)

from __future__ import annotations

import json

from ekiben.deploy.simulator.comparison import compare
from ekiben.deploy.simulator.report import facts, rows
from ekiben.deploy.simulator.terms import Terms
from tests.unit.deploy.simulator.traces import need, trace


def test_the_bound_is_the_last_row_and_facts_are_json() -> None:
    found = compare(trace([1, 1, 0, 0]), need(1, 4), Terms(cold_start_s=60))
    assert rows(found)[-1][0] == "bound below the optimum"
    assert json.loads(json.dumps(facts(found)))["optimum"]["exact"] is False

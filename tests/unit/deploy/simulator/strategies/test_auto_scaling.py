from __future__ import annotations

from ekiben.deploy.policy import PoolHistory, PoolState
from ekiben.deploy.simulator.strategies.auto_scaling import AutoScalingDefaults
from tests.unit.deploy.policy.states import pool, state


def test_pools_without_trouble_come_first_and_nothing_is_bought_on_demand() -> None:
    troubled = PoolHistory(refused_at_s=10.0)
    seen = state((PoolState(pool(0), history=troubled), PoolState(pool(1))), needed=4)
    assert AutoScalingDefaults()(seen)[:2] == ((0, 4), 0)

from __future__ import annotations

from ekiben.deploy.policy import PoolHistory, PoolState
from ekiben.deploy.simulator.strategies.placing import spread
from tests.unit.deploy.policy.states import NOW_S, pool, state


def test_a_pool_that_refused_just_now_is_not_asked_again() -> None:
    refused = PoolHistory(refused_at_s=NOW_S)
    seen = state((PoolState(pool(0), history=refused), PoolState(pool(1))))
    assert spread(seen, 3, [0, 1]) == (0, 3)


def test_the_fullest_gives_back() -> None:
    assert spread(state((PoolState(pool(0), ready=3), PoolState(pool(1), ready=1))), 2, [0, 1]) == (1, 1)

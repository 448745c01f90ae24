from __future__ import annotations

from ekiben.deploy.policy import PoolState
from ekiben.deploy.simulator.strategies.fixed import OnDemandOnly, SinglePool, SpotOnly, StaticMixture
from tests.unit.deploy.policy.states import pool, state

SEEN = state((PoolState(pool(0)), PoolState(pool(1))), needed=5)


def test_they_want_what_their_names_say() -> None:
    assert OnDemandOnly()(SEEN)[:2] == ((0, 0), 5)
    assert SpotOnly()(SEEN)[:2] == ((3, 2), 0)
    assert SinglePool()(SEEN)[:2] == ((5, 0), 0)
    assert StaticMixture()(SEEN)[:2] == ((1, 1), 3)

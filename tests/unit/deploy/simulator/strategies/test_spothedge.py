from __future__ import annotations

from ekiben.deploy.policy import OnDemandState, PoolHistory, PoolState
from ekiben.deploy.simulator.strategies.spothedge import SpotHedge
from tests.unit.deploy.policy.states import NOW_S, pool, state


def pools(*held: int) -> tuple[PoolState, ...]:
    return tuple(PoolState(pool(index), ready=count) for index, count in enumerate(held))


def test_spread_with_extra_instances() -> None:
    assert SpotHedge(2)(state(pools(0, 0, 0), needed=4)).spot == (2, 2, 2)


def test_on_demand_until_spot_serves() -> None:
    starting = (PoolState(pool(), ready=1, starting=4),)
    assert SpotHedge(1)(state(starting, needed=4)).on_demand == 4
    assert (
        SpotHedge(1)(state((PoolState(pool(), ready=5),), needed=4, on_demand=OnDemandState(1, 60, 4))).on_demand == 0
    )


def test_a_zone_that_lost_gets_none_until_too_few_are_left() -> None:
    hedge = SpotHedge(0)
    lost = PoolHistory(lost_at_s=NOW_S)
    first = (PoolState(pool(0), history=lost), PoolState(pool(1), ready=1), PoolState(pool(2), ready=1))
    assert hedge(state(first, needed=4)).spot == (0, 2, 2)
    second = (PoolState(pool(0)), PoolState(pool(1), history=lost), PoolState(pool(2), ready=2))
    assert hedge(state(second, needed=4)).spot == (1, 1, 2)  # one zone was left, so all are available again

from __future__ import annotations

from ekiben.deploy.policy import PoolHistory, PoolState, Rules
from ekiben.deploy.policy.placement import outlook, place
from tests.unit.deploy.policy.states import NOW_S, pool, state

RULES = Rules()


def placed(pools: tuple[PoolState, ...], wanted: int) -> tuple[int, ...]:
    seen = state(pools)
    return place(seen, wanted, [outlook(held, seen, RULES) for held in pools], RULES)


def test_equal_pools_get_equal_numbers() -> None:
    assert placed(tuple(PoolState(pool(index)) for index in range(3)), 6) == (2, 2, 2)


def test_dear_pools_get_none_while_others_have_room() -> None:
    assert placed((PoolState(pool(0, 0.3)), PoolState(pool(1, 0.6))), 4) == (4, 0)


def test_what_is_too_much_goes_from_the_fullest() -> None:
    assert placed((PoolState(pool(0), ready=5), PoolState(pool(1), ready=2)), 5) == (3, 2)


def test_nothing_is_started_where_all_refused() -> None:
    refused = PoolHistory(refused_at_s=NOW_S)
    assert placed((PoolState(pool(), ready=1, history=refused),), 4) == (1,)


def test_a_pool_that_takes_instances_before_they_serve_is_closed() -> None:
    seen = state((PoolState(pool()),), cold_start_s=300.0)
    awful = PoolHistory(held_s=3600.0, share=30.0)
    assert not outlook(PoolState(pool(), history=awful), seen, RULES).open
    assert outlook(PoolState(pool()), seen, RULES).open

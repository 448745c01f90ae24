from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekiben.deploy.policy import Observed, Plan
from ekiben.deploy.simulator.generator import Shape, generate
from ekiben.deploy.simulator.replay import replay, surviving
from ekiben.deploy.simulator.strategies.ekiben import Ekiben
from ekiben.deploy.simulator.strategies.roster import strategies
from ekiben.deploy.simulator.terms import Terms
from tests.unit.deploy.simulator.traces import Always, need, trace

TERMS = Terms(cold_start_s=120)  # two ticks; a notice is good for one


def test_the_first_instances_serve_at_once_and_later_ones_after_their_start() -> None:
    outcome = replay(trace([2, 2, 0, 2, 2, 2, 2, 2]), need(2, 8), Always((2,)), TERMS)
    assert outcome.serving.tolist() == [2, 2, 0, 0, 0, 2, 2, 2]
    assert outcome.spot.tolist() == [2, 2, 0, 2, 2, 2, 2, 2]
    assert outcome.losses == 2
    assert outcome.availability == 5 / 8
    assert outcome.cost == pytest.approx(14 * 0.35 / 60)


def test_a_loss_is_announced_and_served_until_it_comes() -> None:
    strategy = Always((2,))
    replay(trace([2, 2, 2, 1, 1, 1]), need(2, 6), strategy, TERMS)
    announced = next(seen for seen in strategy.seen if seen.pools[0].going)
    assert announced.now_s == 120
    assert (announced.pools[0].ready, announced.pools[0].going) == (1, 1)
    assert announced.losses.open_share == 0.5


def test_a_pool_that_is_being_emptied_starts_nothing_that_would_not_last() -> None:
    outcome = replay(trace([1, 4, 4, 1, 1, 1]), need(4, 6), Always((4,)), TERMS)
    assert outcome.spot.tolist() == [1, 4, 4, 1, 1, 1]
    assert outcome.launches == 4  # 1 in the beginning, 3 in the second tick, none in the third


def test_on_demand_is_never_refused_and_costs_its_price() -> None:
    outcome = replay(trace([0] * 60), need(3, 60), Always((0,), 3), TERMS)
    assert outcome.availability == 1
    assert outcome.cost == pytest.approx(3)


def test_standby_instances_start_sooner_and_are_paid_for() -> None:
    class Late(Always):
        def __call__(self, observed: Observed) -> Plan:
            return self.plan if observed.now_s >= 600 else self.plan._replace(on_demand=0)

    standby = Terms(cold_start_s=300, standby_start_s=60, standby_price=0.02)
    slow = replay(trace([0] * 60), need(1, 60), Late((0,), 1), Terms(cold_start_s=300))
    fast = replay(trace([0] * 60), need(1, 60), Late((0,), 1), standby)
    assert np.flatnonzero(slow.serving)[0] - np.flatnonzero(fast.serving)[0] == 4
    assert fast.cost == pytest.approx(slow.cost + 0.02)


def test_a_refused_request_goes_to_another_pool_in_the_same_tick() -> None:
    outcome = replay(trace([0] * 10, [4] * 10), need(2, 10), Ekiben(), Terms(cold_start_s=60))
    assert outcome.spot.tolist() == [2] * 10
    assert outcome.on_demand.tolist() == [0] * 10


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([60.0, 180.0, 300.0]))
def test_nobody_holds_more_than_there_is_and_everything_is_paid(seed: int, cold_start_s: float) -> None:
    market = generate(Shape(hours=4, regions=2, zones=2), seed)
    for strategy in strategies():
        outcome = replay(market, need(4, market.ticks), strategy, Terms(cold_start_s=cold_start_s))
        assert (outcome.spot <= market.capacity.sum(axis=1)).all()
        assert (outcome.serving <= outcome.spot + outcome.on_demand).all()
        paid = 0.35 * outcome.spot.sum() + outcome.on_demand.sum()
        assert outcome.cost == pytest.approx(paid / 60)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_always_available_where_instances_start_within_their_notice(seed: int) -> None:
    market = generate(Shape(hours=8), seed)
    outcome = replay(market, need(6, market.ticks), Ekiben(), Terms(cold_start_s=60))
    assert outcome.availability == 1


def test_surviving_looks_ahead() -> None:
    assert surviving(np.array([[3], [2], [5], [4]]), 1).tolist() == [[2], [2], [4], [4]]

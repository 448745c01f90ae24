from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekiben.deploy.simulator.generator import Shape, generate
from ekiben.deploy.simulator.optimum import instant_optimum
from ekiben.deploy.simulator.replay import replay
from ekiben.deploy.simulator.strategies.roster import strategies
from ekiben.deploy.simulator.terms import Terms
from tests.unit.deploy.simulator.traces import need, trace


def test_the_cheapest_of_what_lasted_a_cold_start() -> None:
    market = trace([2] * 4 + [0] * 3 + [2] * 5)
    # Spot in the first four ticks, and in those that end two ticks after it came back.
    assert instant_optimum(market, need(2, 12), Terms(cold_start_s=120)) == pytest.approx((2 * 7 * 0.35 + 2 * 5) / 60)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([60.0, 300.0]), st.integers(1, 9))
def test_nobody_who_is_always_available_pays_less(seed: int, cold_start_s: float, needed: int) -> None:
    market = generate(Shape(hours=3, regions=1), seed)
    terms = Terms(cold_start_s=cold_start_s)
    bound = instant_optimum(market, need(needed, market.ticks), terms)
    for strategy in strategies():
        outcome = replay(market, need(needed, market.ticks), strategy, terms)
        assert outcome.availability < 1 or outcome.cost >= bound - 1e-9

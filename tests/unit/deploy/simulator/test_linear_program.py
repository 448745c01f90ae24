from __future__ import annotations

import pytest

from ekiben.deploy.simulator.generator import Shape, generate
from ekiben.deploy.simulator.linear_program import fits, solve
from ekiben.deploy.simulator.optimum import instant_optimum
from ekiben.deploy.simulator.replay import replay
from ekiben.deploy.simulator.strategies.roster import strategies
from ekiben.deploy.simulator.terms import Terms
from tests.unit.deploy.simulator.traces import need, trace

pytest.importorskip("highspy")


def test_a_cold_start_is_paid() -> None:
    # Spot goes after four ticks and is back three ticks later; on demand is started two ticks before spot goes, and
    # spot, when it is back, two ticks before on demand ends.
    market = trace([1] * 4 + [0] * 3 + [1] * 5)
    found = solve(market, need(1, 12), Terms(cold_start_s=120))
    assert found == pytest.approx((4 * 0.35 + (2 + 5) * 1 + 5 * 0.35) / 60, rel=1e-5)


def test_spot_that_does_not_pay_for_its_start_is_left_alone() -> None:
    market = trace([0] * 4 + [1] * 3 + [0] * 4, price=0.9)
    assert solve(market, need(1, 11), Terms(cold_start_s=120)) == pytest.approx(11 / 60, rel=1e-5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("cold_start_s", [60.0, 300.0])
def test_between_the_weaker_bound_and_every_strategy(seed: int, cold_start_s: float) -> None:
    market = generate(Shape(hours=5, regions=1), seed)
    terms, needed = Terms(cold_start_s=cold_start_s), need(5, market.ticks)
    found = solve(market, needed, terms)
    assert fits(market)
    assert found >= instant_optimum(market, needed, terms) * (1 - 1e-6)
    for strategy in strategies():
        outcome = replay(market, needed, strategy, terms)
        assert outcome.availability < 1 or outcome.cost >= found * (1 - 1e-6)

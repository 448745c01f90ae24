from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekiben.deploy.policy import LossHistory, Rules
from ekiben.deploy.policy.reserve import Bursts, expected_bursts, lost_beyond, reserve_for

RULES = Rules()
bursts = st.builds(Bursts, st.floats(0.01, 20), st.floats(0.05, 10), st.floats(0.05, 10))


@given(st.integers(0, 60), bursts, st.floats(0, 600))
def test_no_larger_than_what_can_be_lost(spot: int, expected: Bursts, gap_s: float) -> None:
    assert 0 <= reserve_for(spot, expected, gap_s, RULES) <= spot


@given(st.integers(1, 60), bursts, st.floats(0, 300))
def test_grows_with_the_gap_and_with_the_availability(spot: int, expected: Bursts, gap_s: float) -> None:
    reserve = reserve_for(spot, expected, gap_s, RULES)
    assert reserve_for(spot, expected, 2 * gap_s, RULES) >= reserve
    assert reserve_for(spot, expected, gap_s, Rules(availability=0.9999)) >= reserve


def test_none_where_replacements_come_in_time() -> None:
    assert reserve_for(50, Bursts(10, 1, 1), 0, RULES) == 0


@given(st.integers(1, 40), st.floats(0.1, 5), st.floats(0.1, 5))
def test_tails_are_those_of_a_distribution(count: int, alpha: float, beta: float) -> None:
    tails = lost_beyond(count, alpha, beta)
    assert len(tails.probability) == len(tails.expected) == count + 1
    assert tails.probability[-1] == tails.expected[-1] == 0
    assert tails.probability[0] <= 1 + 1e-9
    assert tails.expected[0] == pytest.approx(count * alpha / (alpha + beta), rel=1e-6)


def test_much_observation_outweighs_belief() -> None:
    seen = LossHistory(held_s=1000 * 3600.0, episodes=2000, share=200.0, share_squared=30.0)
    found = expected_bursts(seen, pools=3, rules=RULES)
    assert found.per_h == pytest.approx(2, rel=0.06)
    assert found.alpha / (found.alpha + found.beta) == pytest.approx(0.1, rel=0.1)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekiben.deploy.policy import BurstHistory, Rules
from ekiben.deploy.policy.reserve import Bursts, expected_bursts, lost_beyond, reserve_for
from tests.unit.deploy.policy.states import histories

RULES = Rules()
HOUR = 3600.0
bursts = st.builds(lambda seen: expected_bursts(seen, RULES), histories())


@given(st.integers(0, 60), bursts, st.floats(0, 600))
def test_no_larger_than_what_can_be_lost(spot: int, expected: Bursts, gap_s: float) -> None:
    assert 0 <= reserve_for(spot, expected, gap_s, RULES) <= spot


@given(st.integers(1, 60), bursts, st.floats(0, 300))
def test_grows_with_the_gap_and_with_the_availability(spot: int, expected: Bursts, gap_s: float) -> None:
    reserve = reserve_for(spot, expected, gap_s, RULES)
    assert reserve_for(spot, expected, 2 * gap_s, RULES) >= reserve
    assert reserve_for(spot, expected, gap_s, Rules(availability=0.9999)) >= reserve


def test_none_where_replacements_come_in_time() -> None:
    assert reserve_for(50, Bursts((10.0,) * 8), 0, RULES) == 0


def test_all_there_is_before_anything_was_seen() -> None:
    assert reserve_for(8, expected_bursts(BurstHistory(), RULES), 240, RULES) == 8


def test_as_large_as_the_bursts_that_came_once_these_are_known() -> None:
    seen = BurstHistory(held_s=3_000 * HOUR, beyond=(300.0, 300.0, 100.0, 0, 0, 0, 0, 0))
    assert reserve_for(16, expected_bursts(seen, RULES), 240, RULES) == 6


@given(st.integers(1, 40), bursts)
def test_less_is_lost_beyond_a_larger_spare(spot: int, expected: Bursts) -> None:
    lost = [lost_beyond(spot, spare, expected) for spare in range(spot + 1)]
    assert lost == sorted(lost, reverse=True)
    assert lost[-1] == 0


def test_much_observation_outweighs_belief() -> None:
    seen = BurstHistory(held_s=1000 * HOUR, beyond=(2000.0, 100.0, 0, 0, 0, 0, 0, 0))
    found = expected_bursts(seen, RULES)
    assert found.beyond(0) == pytest.approx(2, rel=0.06)
    assert found.beyond(0.2) == pytest.approx(0.1, rel=0.06)
    assert found.beyond(0.9) < 0.001
    assert found.beyond(1) == 0

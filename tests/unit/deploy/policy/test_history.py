from __future__ import annotations

import pytest

from ekiben.deploy.policy import BurstHistory, PoolHistory


def test_the_past_counts_half_after_its_half_life() -> None:
    then = BurstHistory(held_s=100.0, beyond=(4.0, 2.0, 1.0, 0, 0, 0, 0, 0))
    now = then.held(3600, half_life_s=3600)
    assert now.held_s == 3650.0
    assert now.beyond == (2.0, 1.0, 0.5, 0, 0, 0, 0, 0)


def test_a_burst_is_counted_by_the_shares_that_it_exceeds() -> None:
    assert BurstHistory().lost(0, 0.3, burst_s=60).beyond == (1, 1, 1, 0, 0, 0, 0, 0)
    assert BurstHistory().lost(0, 0.25, burst_s=60).beyond == (1, 1, 0, 0, 0, 0, 0, 0)


def test_losses_close_together_are_one_burst_that_grows() -> None:
    history = BurstHistory().lost(0, 0.2, burst_s=60).lost(30, 0.5, burst_s=60).lost(100, 0.1, burst_s=60)
    assert history.beyond == (2, 1, 1, 1, 1, 1, 0, 0)


def test_a_burst_takes_no_more_than_all() -> None:
    history = BurstHistory().lost(0, 0.8, burst_s=60).lost(1, 0.8, burst_s=60)
    assert history.open_share == 1.0
    assert history.beyond == (1,) * 8


def test_a_pool_remembers_when_it_refused_and_lost() -> None:
    history = PoolHistory().lost(5, 1.0).refused(7).held(60, half_life_s=60)
    assert (history.lost_at_s, history.refused_at_s, history.held_s) == (5, 7, 60)
    assert history.share == pytest.approx(0.5)

from __future__ import annotations

import pytest

from ekiben.deploy.policy import LossHistory, PoolHistory


def test_the_past_counts_half_after_its_half_life() -> None:
    then = LossHistory(held_s=100.0, episodes=4, share=2.0, share_squared=1.0)
    now = then.held(3600, half_life_s=3600)
    assert (now.held_s, now.episodes, now.share, now.share_squared) == (3650.0, 2.0, 1.0, 0.5)


def test_losses_close_together_are_one_episode() -> None:
    history = LossHistory().lost(0, 0.25, episode_s=60).lost(30, 0.5, episode_s=60).lost(100, 0.1, episode_s=60)
    assert history.episodes == 2
    assert history.share == pytest.approx(0.85)
    assert history.share_squared == pytest.approx(0.75**2 + 0.01)


def test_an_episode_takes_no_more_than_all() -> None:
    assert LossHistory().lost(0, 0.8, episode_s=60).lost(1, 0.8, episode_s=60).share == 1.0


def test_a_pool_remembers_when_it_refused_and_lost() -> None:
    history = PoolHistory().lost(5, 1.0, episode_s=60).refused(7).held(10, half_life_s=60)
    assert (history.lost_at_s, history.refused_at_s, history.losses.held_s) == (5, 7, 10)

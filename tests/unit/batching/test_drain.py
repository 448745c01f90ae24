from __future__ import annotations

import pytest

from ekiben.batching.drain import DrainRate, bounded


def test_an_unknown_rate_says_one_second() -> None:
    assert DrainRate().retry_after_s(100) == 1.0


def test_the_time_follows_the_rate() -> None:
    drain = DrainRate()
    for _ in range(5):
        drain.observe(items=10, duration_s=0.5)
    assert drain.retry_after_s(40) == pytest.approx(2.0)


def test_recent_batches_weigh_more() -> None:
    drain = DrainRate()
    drain.observe(items=10, duration_s=10.0)
    for _ in range(50):
        drain.observe(items=10, duration_s=1.0)
    assert drain.retry_after_s(10) == pytest.approx(1.0, rel=0.1)


def test_it_is_neither_a_busy_loop_nor_never() -> None:
    assert (bounded(0.0), bounded(1e9)) == (0.05, 60.0)

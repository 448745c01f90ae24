"""Rates, their peak and the time for one, under a clock that the test tells."""

from __future__ import annotations

import pytest

from ekiben.gateway.job_traffic import JobTraffic
from ekiben.gateway.traffic import Traffic
from ekiben.jobs.statistics import ModelStatistics


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_rate_is_of_the_last_minute_and_the_peak_of_ten(clock: Clock) -> None:
    traffic = Traffic(clock)
    for _ in range(60):
        traffic.arrived(2)
        clock.now += 0.5
    assert traffic.look() == (2.0, 2.0)
    clock.now += 45
    rate, peak = traffic.look()
    assert rate == pytest.approx(1.0, abs=4 / 60)  # Arrivals of a second are kept together.
    assert peak == 2.0
    clock.now += 500
    assert traffic.look() == (0.0, 2.0)
    clock.now += 55
    assert traffic.look() == (0.0, rate)
    clock.now += 600
    assert traffic.look() == (0.0, 0.0)


def test_memory_is_bounded_however_many_come(clock: Clock) -> None:
    traffic = Traffic(clock)
    for _ in range(100_000):
        traffic.arrived(1)
        clock.now += 0.01
    assert len(traffic._arrivals) <= 1_001
    traffic.look()
    assert len(traffic._arrivals) <= 61


def for_one(traffic: Traffic) -> float:
    """Seconds, as of now."""
    traffic.look()
    busy_s, done = traffic.held()
    return busy_s / done


def test_the_time_for_one_leaves_waiting_out_and_follows_what_changes(clock: Clock) -> None:
    traffic = Traffic(clock)
    traffic.look()
    assert traffic.held() == (0, 0)
    traffic.answered(4, {"queue": 9.0, "prepare": 1.0, "compute": 0.25})
    assert for_one(traffic) == 0.25
    traffic.answered(1, {"queue": 9.0, "first_token": 0.25, "generate": 3.75})
    assert 0.25 < for_one(traffic) < 4.0
    for _ in range(100):
        traffic.answered(1, {"encode": 0.5, "denoise": 3.0, "decode": 0.5, "file": 7.0})
        traffic.look()
    assert for_one(traffic) == pytest.approx(4.0, rel=0.01)


def totals(submitted: int, succeeded: int, held_ms: int) -> ModelStatistics:
    return ModelStatistics("toy", 0, 0, 0, 0, 0, submitted, succeeded, held_ms)


def test_jobs_count_from_the_second_look_on(clock: Clock) -> None:
    jobs = JobTraffic(clock)
    traffic = jobs.traffic
    jobs.note(totals(1_000, 900, 9_000_000))
    assert (traffic.look(), traffic.held()) == ((0.0, 0.0), (0, 0))
    jobs.note(totals(1_030, 902, 9_008_000))
    assert (traffic.look(), traffic.held()) == ((0.5, 0.5), (8.0, 2))
    jobs.note(totals(3, 1, 500))  # Another queue: nothing can be told from the difference.
    assert traffic.look()[0] == 0.5
    jobs.note(totals(6, 1, 500))
    assert traffic.look()[0] == 0.55

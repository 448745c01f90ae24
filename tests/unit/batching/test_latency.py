from __future__ import annotations

import pytest

from ekiben.batching.latency import LatencyModel


def taught(*costs: int, fixed_s: float = 0.01, rate_s: float = 0.001, rounds: int = 20) -> LatencyModel:
    model = LatencyModel()
    for _ in range(rounds):
        for cost in costs:
            model.observe(cost, fixed_s + rate_s * cost, now=0.0)
    return model


def test_it_learns_a_line() -> None:
    model = taught(10, 50, 100)
    assert model.fixed_s == pytest.approx(0.01, rel=0.01)
    assert model.predict(200, now=0.0) == pytest.approx(0.21, rel=0.01)


def test_every_batch_pays_the_fixed_part() -> None:
    model = taught(10, 50, 100)
    assert model.predict(200, now=0.0, batches=3) == pytest.approx(0.23, rel=0.01)


def test_it_says_nothing_before_it_has_seen_enough() -> None:
    model = taught(10, rounds=8)
    assert model.predict(10, now=0.0) == 0.0
    model.observe(10, 0.02, now=0.0)
    assert model.predict(10, now=0.0) > 0.0


def test_the_first_batch_does_not_count() -> None:
    model = LatencyModel()
    model.observe(10, 60.0, now=0.0)
    for _ in range(10):
        model.observe(10, 0.02, now=0.0)
    assert model.predict(10, now=0.0) == pytest.approx(0.02)


def test_what_it_knows_grows_stale() -> None:
    """Else a model that predicts too much refuses everything and never learns better."""
    model = taught(10, 100)
    assert model.predict(100, now=9.0) > 0.0
    assert model.predict(100, now=11.0) == 0.0


def test_one_stall_hardly_counts() -> None:
    model = taught(10, 100)
    before = model.predict(100, now=0.0)
    model.observe(100, 100.0, now=0.0)
    assert model.predict(100, now=0.0) < 2 * before


def test_it_follows_a_device_that_got_slower() -> None:
    model = taught(10, 100)
    for _ in range(100):
        for cost in (10, 100):
            model.observe(cost, 10 * (0.01 + 0.001 * cost), now=0.0)
    assert model.predict(100, now=0.0) == pytest.approx(1.1, rel=0.05)


def test_with_one_cost_only_it_believes_the_lower_of_two_stories() -> None:
    model = taught(100, fixed_s=0.0, rate_s=0.001)
    assert model.predict(10, now=0.0) == pytest.approx(0.01)
    assert model.predict(1000, now=0.0) == pytest.approx(0.1)
    assert model.fixed_s == 0.0


def test_it_keeps_the_slope_when_costs_stop_differing() -> None:
    model = taught(10, 100)
    for _ in range(500):
        model.observe(100, 0.11, now=0.0)
    assert model.fixed_s == pytest.approx(0.01, rel=0.05)


def test_it_never_predicts_less_for_more() -> None:
    model = LatencyModel()
    for cost in (10, 100) * 20:
        model.observe(cost, 1.0 / cost, now=0.0)
    assert 0 < model.predict(10, now=0.0) <= model.predict(100, now=0.0)
    assert model.fixed_s >= 0


def test_the_cost_that_fits_a_time() -> None:
    model = taught(10, 50, 100)
    assert model.cost_within(0.06) == pytest.approx(50, abs=1)
    assert model.cost_within(0.001) == 0


def test_the_cost_that_fits_a_time_without_a_slope() -> None:
    model = taught(100, fixed_s=0.0, rate_s=0.001)
    assert model.cost_within(0.05) == pytest.approx(50, abs=1)
    assert model.cost_within(0.2) >= 2**62

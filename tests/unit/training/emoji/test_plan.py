from __future__ import annotations

import dataclasses

import pytest

from training.emoji.plan import Plan

PLAN = Plan(seed=1, updates=100, decay=20, warm_up=10, batch=4, rate=1.0, weight_decay=0.0, averaging=0.99)


def test_the_rate_rises_stays_and_falls_to_nothing() -> None:
    assert PLAN.rate_at(0) == pytest.approx(0.1)
    assert PLAN.rate_at(9) == PLAN.rate_at(80) == 1.0
    assert PLAN.rate_at(90) == pytest.approx(0.5)
    assert PLAN.rate_at(99) == pytest.approx(0.05)


def test_a_longer_plan_begins_as_a_shorter_one() -> None:
    longer = dataclasses.replace(PLAN, updates=1000)
    assert [longer.rate_at(update) for update in range(80)] == [PLAN.rate_at(update) for update in range(80)]


def test_the_first_weights_are_soon_forgotten() -> None:
    assert PLAN.averaging_at(0) == pytest.approx(0.1)
    assert PLAN.averaging_at(5000) == 0.99

from __future__ import annotations

import pytest

from ekiben.diffusion.pace import Pace, check_deadline
from ekiben.errors import DeadlineExceeded, DeadlineUnreachable


def _learned() -> Pace:
    """A step takes 1 s and 0.1 s for each unit of cost, a decode 0.5 s."""
    pace = Pace()
    for i in range(40):
        cost = 10 + 10 * (i % 3)
        pace.stepped(cost, 1 + 0.1 * cost, float(i))
        pace.decoded(100, 0.5, float(i))
    return pace


def test_it_promises_nothing_before_it_knows() -> None:
    assert Pace().seconds(30, 10, 0, 100, 100, 0.0) == 0.0


def test_a_picture_alone_takes_its_steps_and_its_decode() -> None:
    assert _learned().seconds(30, 10, 0, 100, 100, 40.0) == pytest.approx(30 * 2 + 0.5, rel=0.05)


def test_company_within_the_cap_costs_its_share_of_each_step() -> None:
    assert _learned().seconds(10, 10, 100, 100, 100, 40.0) == pytest.approx(10 * 3 + 0.5, rel=0.05)


def test_company_beyond_the_cap_costs_steps_of_its_own() -> None:
    assert _learned().seconds(10, 10, 300, 20, 100, 40.0) == pytest.approx(20 * 3 + 0.5, rel=0.05)


def test_deadlines() -> None:
    check_deadline(10.0, 10.0)
    with pytest.raises(DeadlineExceeded):
        check_deadline(0.0, 0.0)
    with pytest.raises(DeadlineUnreachable) as refusal:
        check_deadline(5.0, 500.0)
    assert refusal.value.retry_after_s == 60.0

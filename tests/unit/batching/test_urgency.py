from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from ekiben.batching.urgency import due_at


def due(arrival: float, deadline: float = math.inf, priority: int = 0) -> float:
    return due_at(arrival, deadline, priority, ageing_s=2.0)


def test_equal_priorities_go_oldest_first() -> None:
    assert due(1.0) < due(1.5)


def test_a_higher_priority_goes_first() -> None:
    assert due(1.0, priority=1) < due(1.0)


def test_a_step_of_priority_is_worth_the_ageing_time() -> None:
    assert due(0.0) < due(2.1, priority=1)
    assert due(0.0) > due(1.9, priority=1)


def test_a_tight_deadline_moves_ahead_by_less_than_a_step_of_priority() -> None:
    assert due(1.0, deadline=1.1) < due(0.5)
    assert due(1.0, deadline=1.1) > due(1.0, priority=1)


def test_a_distant_deadline_changes_nothing() -> None:
    assert due(1.0, deadline=9.0) == due(1.0)


@given(
    st.floats(0, 100),
    st.floats(0.001, 100),
    st.integers(-5, 5),
    st.integers(0, 5),
    st.floats(0, 100),
)
def test_nobody_starves(arrival: float, margin: float, priority: int, steps_above: int, patience: float) -> None:
    """Whoever comes long enough after me goes after me, whatever the deadlines."""
    mine = due(arrival, arrival + patience, priority)
    later = arrival + 2.0 * (1 + steps_above) + margin
    assert mine < due(later, later, priority + steps_above)

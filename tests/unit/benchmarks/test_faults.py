"""The fault bench's own arithmetic."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.faults.schedule import EVERY, schedule
from benchmarks.faults.stalls import without


def test_a_seed_is_one_schedule_and_each_fault_comes_once_a_round() -> None:
    first = schedule(3, 2, EVERY, pause_s=1.0)
    assert first == schedule(3, 2, EVERY, pause_s=1.0)
    assert first != schedule(4, 2, EVERY, pause_s=1.0)
    assert set(Counter(fault.nemesis for fault in first[: len(EVERY)]).values()) == {1}
    assert set(Counter(fault.nemesis for fault in first).values()) == {2}


@pytest.mark.parametrize(
    ("begin", "end", "ran"), [(0.0, 5.0, 5.0), (8.0, 30.0, 12.0), (12.0, 18.0, 0.0), (15.0, 25.0, 5.0)]
)
def test_time_in_which_the_machine_stood_still_counts_for_nobody(begin: float, end: float, ran: float) -> None:
    assert without([(10.0, 20.0)], begin, end) == ran

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekiben.batching.isolation import run_in_halves


class Attempts:
    def __init__(self, culprits: set[int]) -> None:
        self.culprits = culprits
        self.groups: list[list[int]] = []
        self.done: list[int] = []

    def __call__(self, group: Sequence[int]) -> bool:
        self.groups.append(list(group))
        if self.culprits & set(group) and len(group) > 1:
            return True
        self.done += group
        return False


def everyone(group: Sequence[int]) -> Sequence[int]:
    return group


def test_a_good_batch_runs_once() -> None:
    attempts = Attempts(set())
    run_in_halves([1, 2, 3], everyone, attempts)
    assert attempts.groups == [[1, 2, 3]]


def test_a_culprit_is_found_by_halves() -> None:
    attempts = Attempts({3})
    run_in_halves([1, 2, 3, 4], everyone, attempts)
    assert attempts.groups == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [4]]


def test_who_is_not_wanted_any_more_is_left_out() -> None:
    attempts = Attempts({3})
    run_in_halves([1, 2, 3, 4], lambda group: [i for i in group if i != 4 or not attempts.groups], attempts)
    assert attempts.groups == [[1, 2, 3, 4], [1, 2], [3]]


@given(st.integers(1, 64), st.data())
def test_each_runs_to_its_end_within_the_bound(count: int, data: st.DataObject) -> None:
    culprits = data.draw(st.sets(st.integers(0, count - 1)))
    attempts = Attempts(culprits)
    run_in_halves(range(count), everyone, attempts)
    assert attempts.done == list(range(count))
    depth = math.ceil(math.log2(count)) if count > 1 else 0
    assert max(Counter(i for group in attempts.groups for i in group).values()) <= 1 + depth
    if len(culprits) == 1:
        assert len(attempts.groups) <= 1 + 2 * depth


@pytest.mark.parametrize("count", [2, 3, 7, 64])
def test_when_all_fail_it_ends(count: int) -> None:
    attempts = Attempts(set(range(count)))
    run_in_halves(range(count), everyone, attempts)
    assert len(attempts.groups) == 2 * count - 1

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from ekiben.diffusion.selection import Selection, most_urgent


@dataclass(frozen=True)
class _One:
    shape_key: str
    cost: int
    due: float
    sequence: int


def _many(key: str, count: int, cost: int, first: int = 0) -> list[_One]:
    return [_One(key, cost, float(first + i), first + i) for i in range(count)]


def _turns(candidates: list[_One], max_cost: int, batches: int) -> Counter[int]:
    """How often each was chosen."""
    selection: Selection[_One] = Selection()
    return Counter(one.sequence for _ in range(batches) for one in selection.choose(candidates, max_cost))


def test_nobody_there() -> None:
    selection: Selection[_One] = Selection()
    assert selection.choose([], 10) == []


def test_one_shape_at_a_time_and_in_the_order_of_arrival() -> None:
    selection: Selection[_One] = Selection()
    candidates = [_One("a", 1, 9.0, 0), _One("b", 1, 0.0, 1), _One("a", 1, 1.0, 2)]
    assert [one.sequence for one in selection.choose(candidates, 10)] in ([0, 2], [1])


def test_what_costs_more_than_the_cap_still_runs_alone() -> None:
    assert most_urgent([*_many("a", 2, 50)], 10) == _many("a", 1, 50)


def test_the_most_urgent_go_first_and_smaller_ones_fill_the_batch() -> None:
    members = [_One("a", 6, 2.0, 0), _One("a", 6, 1.0, 1), _One("a", 4, 3.0, 2)]
    assert [one.sequence for one in most_urgent(members, 10)] == [1, 2]


def test_equal_shapes_get_equal_turns() -> None:
    turns = _turns([*_many("a", 4, 1), *_many("b", 4, 1, first=4)], 4, 100)
    assert set(turns.values()) == {50}


def test_a_rare_shape_gets_its_share_beside_a_crowd() -> None:
    crowd, rare = _many("a", 30, 1), _many("b", 1, 1, first=30)
    turns = _turns([*crowd, *rare], 8, 200)
    assert turns[30] >= 200 // 6  # a round is the crowd's four batches and the rare one's


def test_a_small_picture_steps_more_often_than_a_large_one() -> None:
    turns = _turns([*_many("large", 4, 4), *_many("small", 1, 1, first=4)], 16, 100)
    assert turns[4] > 3 * turns[0]
    assert turns[0] >= 15


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 20), st.floats(0, 100)), min_size=1, max_size=20),
    st.integers(1, 60),
)
def test_every_shape_is_served_again_within_a_bounded_time(
    described: list[tuple[str, int, float]], max_cost: int
) -> None:
    candidates = [_One(key, cost, due, i) for i, (key, cost, due) in enumerate(described)]
    selection: Selection[_One] = Selection()
    keys = {one.shape_key for one in candidates}
    dearest = max(one.cost for one in candidates)
    batches_in_two_rounds = 2 * (sum(dearest for _ in candidates) + len(keys))
    waited = dict.fromkeys(keys, 0)
    for _ in range(100):
        batch = selection.choose(candidates, max_cost)
        assert batch
        assert len({one.shape_key for one in batch}) == 1
        assert len(batch) == 1 or sum(one.cost for one in batch) <= max_cost
        waited = {key: 0 if key == batch[0].shape_key else count + 1 for key, count in waited.items()}
        assert max(waited.values()) <= batches_in_two_rounds

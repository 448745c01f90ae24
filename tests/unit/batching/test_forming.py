from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ekiben.batching.forming import Rules, best_window


def rules(max_cost: int = 1000, max_items: int = 8, max_padding_share: float = 0.25) -> Rules:
    return Rules(max_cost, max_items, max_padding_share)


def chosen(lengths: list[int], anchor: int, within: Rules) -> list[int]:
    window = best_window(lengths, anchor, within)
    return lengths[window.start : window.stop]


def test_equal_lengths_fill_the_batch_from_the_anchor_on() -> None:
    window = best_window([4] * 20, 0, rules())
    assert window == (0, 8, True, 0.0)


def test_neighbours_in_length_join() -> None:
    assert chosen([10, 11, 12, 100, 101], 1, rules()) == [10, 11, 12]


def test_neighbours_beyond_the_padding_share_do_not_join() -> None:
    assert chosen([4, 10], 1, rules(max_padding_share=0.25)) == [10]


def test_the_padding_share_itself_is_allowed() -> None:
    assert chosen([5, 10], 1, rules(max_padding_share=0.25)) == [5, 10]


def test_the_cost_cap_counts_padding() -> None:
    assert chosen([8, 9, 10], 0, rules(max_cost=29)) == [8, 9]
    assert chosen([8, 9, 10], 0, rules(max_cost=30)) == [8, 9, 10]


def test_an_item_beyond_the_cap_runs_alone() -> None:
    window = best_window([50, 60, 70], 1, rules(max_cost=40))
    assert window == (1, 2, True, 0.0)


def test_of_two_full_batches_the_less_padded_wins() -> None:
    assert chosen([7, 8, 10, 10], 2, rules(max_items=2)) == [10, 10]
    assert chosen([9, 10, 12], 1, rules(max_items=2)) == [9, 10]


def test_a_full_batch_beats_a_less_padded_one() -> None:
    assert chosen([8, 10], 1, rules(max_items=2)) == [8, 10]


def test_without_a_full_batch_the_larger_wins() -> None:
    assert chosen([8, 9, 10, 10], 2, rules(max_items=8)) == [8, 9, 10, 10]


def test_a_longer_item_that_lowers_the_share_may_bridge() -> None:
    """[1, 10] is too padded, [1, 10, 10, 10] is not: the search may not stop at the first refusal."""
    assert chosen([1, 10, 10, 10], 0, rules(max_padding_share=0.25)) == [1, 10, 10, 10]


def test_an_own_price_is_obeyed() -> None:
    squared = Rules(200, 8, 1.0, price=lambda count, longest: count * longest * longest)
    assert chosen([10, 10, 10], 0, squared) == [10, 10]


def brute_force(lengths: list[int], anchor: int, within: Rules) -> tuple[bool, float, float]:
    merits = []
    for start in range(anchor + 1):
        for stop in range(anchor + 1, len(lengths) + 1):
            count, longest = stop - start, lengths[stop - 1]
            share = 1 - sum(lengths[start:stop]) / (count * longest)
            room = max(1, min(within.max_items, within.max_cost // longest))
            if count <= room and share <= within.max_padding_share + 1e-9:
                full = count == room
                merits.append((True, -share, count) if full else (False, count, -share))
    return max(merits)


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=14).map(sorted),
    st.integers(0, 13),
    st.integers(1, 200),
    st.integers(1, 6),
    st.sampled_from([0.0, 0.1, 0.3, 1.0]),
)
def test_no_window_is_better(lengths: list[int], anchor: int, max_cost: int, max_items: int, share: float) -> None:
    anchor %= len(lengths)
    within = rules(max_cost, max_items, share)
    window = best_window(lengths, anchor, within)
    assert window.start <= anchor < window.stop
    assert window.merit == brute_force(lengths, anchor, within)

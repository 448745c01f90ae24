from __future__ import annotations

import itertools
import math
from collections.abc import Hashable

from hypothesis import given
from hypothesis import strategies as st

from ekiben.batching.forming import Rules
from ekiben.batching.pending import Pending
from ekiben.batching.request import Entry, Request

RULES = Rules(max_cost=1000, max_items=3, max_padding_share=0.5)
_sequence = itertools.count()


def entry(length: int = 1, key: Hashable = None, due: float = 0.0, deadline: float = math.inf) -> Entry:
    request = Request([], arrival=0.0, deadline=deadline)
    return Entry(request, 0, None, length, key, cost=length, due=due, sequence=next(_sequence))


def queue(*entries: Entry) -> Pending:
    pending = Pending()
    for one in entries:
        pending.add(one)
    return pending


def test_the_earliest_due_is_most_urgent() -> None:
    late, soon = entry(due=2.0), entry(due=1.0)
    assert queue(late, soon).most_urgent() is soon


def test_of_equally_due_the_earlier_deadline_then_the_first_come() -> None:
    first, second, hurried = entry(), entry(), entry(deadline=5.0)
    pending = queue(first, second, hurried)
    assert pending.most_urgent() is hurried
    pending.remove([hurried])
    assert pending.most_urgent() is first


def test_an_empty_queue_has_nobody() -> None:
    assert Pending().most_urgent() is None


def test_removing_counts_once() -> None:
    one, other = entry(5), entry(7)
    pending = queue(one, other)
    assert pending.remove([one])
    assert not pending.remove([one])
    assert (len(pending), pending.cost) == (1, 7)
    assert pending.most_urgent() is other


def test_only_equal_shapes_share_a_batch() -> None:
    a, b, c = entry(key="x"), entry(key="y"), entry(key="x")
    assert queue(a, b, c).form(a, RULES).entries == [a, c]


def test_equally_long_partners_are_the_most_urgent_ones() -> None:
    entries = [entry(due=float(due)) for due in (5, 3, 1, 4, 2)]
    pending = queue(*entries)
    assert [e.due for e in pending.form(entries[2], RULES).entries] == [1, 2, 3]


def test_a_batch_tells_its_cost_and_padding() -> None:
    anchor = entry(4)
    batch = queue(anchor, entry(2), entry(3)).form(anchor, RULES)
    assert [e.length for e in batch.entries] == [2, 3, 4]
    assert (batch.cost, batch.padding_share, batch.is_full) == (12, 0.25, True)


def test_forming_leaves_the_queue_as_it_was() -> None:
    anchor = entry()
    pending = queue(anchor)
    pending.form(anchor, RULES)
    assert len(pending) == 1


def test_who_goes_first_is_counted_by_urgency() -> None:
    gone = entry(100, due=0.0)
    pending = queue(entry(3, due=1.0), entry(4, due=2.0), entry(5, due=3.0), gone)
    pending.remove([gone])
    assert pending.ahead_of(2.0) == (2, 7)


def test_the_soonest_deadline_is_among_those_still_there() -> None:
    gone = entry(deadline=1.0)
    pending = queue(entry(deadline=7.0), entry(), gone)
    pending.remove([gone])
    assert pending.soonest_deadline() == 7.0


def test_those_who_left_are_not_kept_for_ever() -> None:
    pending = queue(entry(due=-1.0))
    for _ in range(1000):
        passing = entry()
        pending.add(passing)
        pending.remove([passing])
    assert len(pending._turns) < 100


@given(st.lists(st.tuples(st.integers(1, 20), st.sampled_from("ab"), st.floats(0, 5)), max_size=40))
def test_taking_batches_empties_the_queue_in_order_of_urgency(
    items: list[tuple[int, str, float]],
) -> None:
    entries = [entry(length, key, due) for length, key, due in items]
    pending = queue(*entries)
    taken: list[Entry] = []
    while anchor := pending.most_urgent():
        assert anchor.due == min(e.due for e in entries if e.queued)
        batch = pending.form(anchor, RULES)
        assert anchor in batch.entries
        assert {e.shape_key for e in batch.entries} == {anchor.shape_key}
        pending.remove(batch.entries)
        taken += batch.entries
    assert sorted(map(id, taken)) == sorted(map(id, entries))
    assert (len(pending), pending.cost) == (0, 0)

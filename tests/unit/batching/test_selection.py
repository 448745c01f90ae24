from __future__ import annotations

import itertools
import math

from ekiben.batching.forming import Rules
from ekiben.batching.latency import LatencyModel
from ekiben.batching.pending import Pending
from ekiben.batching.request import Entry, Request
from ekiben.batching.selection import select

RULES = Rules(max_cost=100, max_items=100, max_padding_share=0.5)
_sequence = itertools.count()


def learned() -> LatencyModel:
    """10 ms + 1 ms for each unit of cost."""
    model = LatencyModel()
    for cost in (10, 100) * 20:
        model.observe(cost, 0.01 + 0.001 * cost, now=0.0)
    return model


def entry(deadline: float = math.inf, due: float = 1.0) -> Entry:
    return Entry(Request([], arrival=0.0, deadline=deadline), 0, None, 1, None, 1, due, next(_sequence))


def queue(*entries: Entry) -> Pending:
    pending = Pending()
    for one in entries:
        pending.add(one)
    return pending


def test_an_empty_queue_has_nothing_to_run() -> None:
    chosen = select(Pending(), RULES, LatencyModel(), 0.0, may_hurry=True)
    assert (chosen.batch, chosen.late) == (None, [])


def test_an_item_past_its_deadline_is_late_whatever_is_known() -> None:
    late = entry(deadline=5.0)
    assert select(queue(late), RULES, LatencyModel(), 5.0, may_hurry=True).late == [late]


def test_an_item_that_cannot_finish_even_alone_is_late() -> None:
    late, other = entry(deadline=0.005, due=0.0), entry()
    assert select(queue(late, other), RULES, learned(), 0.0, may_hurry=True).late == [late]


def test_a_batch_is_made_smaller_for_its_anchor() -> None:
    hurried = entry(deadline=0.03, due=0.0)
    chosen = select(queue(hurried, *(entry() for _ in range(99))), RULES, learned(), 0.0, may_hurry=True)
    assert chosen.is_hurried
    assert chosen.batch is not None
    assert hurried in chosen.batch.entries
    assert 15 <= len(chosen.batch.entries) <= 20


def test_two_small_batches_do_not_follow_one_another() -> None:
    hurried = entry(deadline=0.03, due=0.0)
    chosen = select(queue(hurried, *(entry() for _ in range(99))), RULES, learned(), 0.0, may_hurry=False)
    assert (chosen.late, chosen.is_hurried) == ([hurried], False)


def test_a_member_that_cannot_finish_in_the_batch_is_late() -> None:
    tight = entry(deadline=0.03, due=2.0)
    chosen = select(queue(tight, *(entry() for _ in range(99))), RULES, learned(), 0.0, may_hurry=True)
    assert (chosen.late, chosen.batch) == ([tight], None)


def test_who_can_finish_runs() -> None:
    patient = entry(deadline=0.2, due=2.0)
    pending = queue(patient, *(entry() for _ in range(99)))
    chosen = select(pending, RULES, learned(), 0.0, may_hurry=True)
    assert chosen.batch is not None
    assert len(chosen.batch.entries) == 100

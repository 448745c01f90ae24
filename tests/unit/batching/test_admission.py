from __future__ import annotations

import itertools
import math

import pytest

from ekiben.batching.admission import Backlog, check_deadline, check_room
from ekiben.batching.drain import DrainRate
from ekiben.batching.latency import LatencyModel
from ekiben.batching.limits import BatchLimits
from ekiben.batching.pending import Pending
from ekiben.batching.request import Entry, Request
from ekiben.batching.work import Work
from ekiben.errors import DeadlineExceeded, DeadlineUnreachable, PayloadTooLarge, QueueFull

LIMITS = BatchLimits(max_cost=10, max_items=10, max_wait_s=0.0, max_queue_items=5, max_padding_share=0.5)
_sequence = itertools.count()


def request(items: int = 1, deadline: float = math.inf) -> Request:
    return Request([Work(None)] * items, arrival=0.0, deadline=deadline)


def backlog(*dues: float, running_s: float = 0.0, latency: LatencyModel | None = None) -> Backlog:
    """Entries of cost 10, each a batch of its own that takes 20 ms, one for each due time."""
    pending = Pending()
    for due in dues:
        pending.add(Entry(request(), 0, None, 10, None, 10, due, next(_sequence)))
    if latency is None:
        latency = LatencyModel()
        for cost in (1, 10) * 20:
            latency.observe(cost, 0.01 + 0.001 * cost, now=0.0)
    return Backlog(pending, latency, max_items=10, max_cost=10, running_s=running_s)


def test_what_fits_is_let_in() -> None:
    check_room(request(items=3), 2, LIMITS, DrainRate())


def test_a_full_queue_refuses_and_says_when_to_come_back() -> None:
    drain = DrainRate()
    drain.observe(items=1, duration_s=0.5)
    with pytest.raises(QueueFull, match="3 of 5") as refusal:
        check_room(request(items=4), 3, LIMITS, drain)
    assert refusal.value.retry_after_s == pytest.approx(1.0)


def test_what_never_fits_is_too_large_and_names_the_limit() -> None:
    with pytest.raises(PayloadTooLarge, match="at most 5"):
        check_room(request(items=6), 0, LIMITS, DrainRate())


def test_a_deadline_that_has_passed() -> None:
    with pytest.raises(DeadlineExceeded):
        check_deadline(request(deadline=0.0), 1.0, 10, backlog(latency=LatencyModel()))


def test_a_deadline_behind_the_work_ahead_is_unreachable() -> None:
    with pytest.raises(DeadlineUnreachable) as refusal:
        check_deadline(request(deadline=0.05), 1.0, 10, backlog(0.0, 0.0, 0.0, 0.0, 0.0))
    assert refusal.value.retry_after_s == pytest.approx(0.07, rel=0.05)


def test_less_urgent_work_is_not_ahead() -> None:
    check_deadline(request(deadline=0.05), 1.0, 10, backlog(0.0, 2.0, 2.0, 2.0, 2.0))


def test_the_batch_on_the_device_is_ahead() -> None:
    check_deadline(request(deadline=0.05), 1.0, 10, backlog(running_s=0.02))
    with pytest.raises(DeadlineUnreachable):
        check_deadline(request(deadline=0.05), 1.0, 10, backlog(running_s=0.04))


def test_the_request_itself_takes_time() -> None:
    check_deadline(request(deadline=0.05), 1.0, 10, backlog())
    with pytest.raises(DeadlineUnreachable):
        check_deadline(request(deadline=0.05), 1.0, 100, backlog())


def test_before_anything_is_known_nobody_is_hopeless() -> None:
    unknown = backlog(*[0.0] * 50, running_s=9.0, latency=LatencyModel())
    check_deadline(request(deadline=0.001), 1.0, 10, unknown)


def test_without_a_deadline_nothing_is_unreachable() -> None:
    check_deadline(request(), 1.0, 10, backlog(*[0.0] * 50))

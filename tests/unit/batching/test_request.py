from __future__ import annotations

from ekiben.batching.request import Request
from ekiben.batching.work import Timing, Work


def test_results_keep_the_order_of_the_works() -> None:
    request = Request([Work("a"), Work("b")], arrival=0.0)
    assert not request.add_result(1, "B")
    assert request.add_result(0, "A")
    assert request.results == ["A", "B"]


def test_what_is_not_compute_is_waiting_and_the_largest_batch_counts() -> None:
    request = Request([Work("a"), Work("b")], arrival=10.0)
    request.add_compute(1.0, batch_items=2, batch_cost=20)
    request.add_compute(2.0, batch_items=8, batch_cost=8)
    request.end(15.0)
    assert request.timing() == Timing(queue_wait_s=2.0, compute_s=3.0, batch_items=8, batch_cost=8)

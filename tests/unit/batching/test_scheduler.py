"""What is decided, on a simulated device: the exact batches and the exact ends."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

from ekiben.batching import BatchLimits, Work
from ekiben.errors import (
    Unavailable,
)
from tests.unit.batching.simulated import ran, refusal, results

if TYPE_CHECKING:
    from tests.unit.batching.conftest import Simulation


def test_a_lone_item_on_an_idle_device_runs_at_once(simulation: Simulation) -> None:
    lone = simulation.submit(5.0, Work("lone"))
    simulation.run()
    assert [started for started, _, _ in simulation.calls] == [0.0, 5.0]
    assert results(lone) == [("result", "lone")]
    assert lone.timing().queue_wait_s == 0.0


def test_what_waits_goes_together_up_to_the_item_limit_oldest_first(simulation: Simulation) -> None:
    for i in range(6):
        simulation.submit(0.001 * (i + 1), Work(i))
    simulation.run()
    assert ran(simulation) == [[0, 1, 2, 3], [4, 5]]


def test_the_next_batch_starts_when_the_last_one_ends(simulation: Simulation) -> None:
    simulation.submit(0.001, Work("a"))
    simulation.run()
    assert simulation.calls[1][0] == simulation.calls[0][1]


def test_the_cost_cap_holds(simulation: Simulation) -> None:
    simulation.submit(0.001, *(Work(i, length=3) for i in range(4)))
    simulation.run()
    assert ran(simulation) == [[0, 1], [2, 3]]


def test_an_item_beyond_the_cap_runs_alone(simulation: Simulation) -> None:
    simulation.submit(0.001, Work("huge", length=50), Work("b", length=50))
    simulation.run()
    assert ran(simulation) == [["huge"], ["b"]]


def test_lengths_that_pad_too_much_run_apart(simulation: Simulation) -> None:
    simulation.submit(0.001, Work("long", length=4), Work("short", length=1), Work("short too", length=1))
    simulation.run()
    assert ran(simulation) == [["long"], ["short", "short too"]]


def test_shapes_run_apart(simulation: Simulation) -> None:
    simulation.submit(0.001, Work("a", shape_key="x"), Work("b", shape_key="y"), Work("c", shape_key="x"))
    simulation.run()
    assert ran(simulation) == [["a", "c"], ["b"]]


def test_a_request_over_several_batches_gets_its_results_in_order(simulation: Simulation) -> None:
    request = simulation.submit(0.001, *(Work(i, length=1 + i % 3) for i in range(10)))
    simulation.run()
    assert results(request) == [("result", i) for i in range(10)]
    assert simulation.ends[request] == 1


def test_priority_goes_first(simulation: Simulation) -> None:
    simulation.submit(0.001, *(Work(i) for i in range(4)))
    simulation.submit(0.002, *(Work(f"urgent {i}") for i in range(4)), priority=1)
    simulation.run()
    assert ran(simulation)[0] == [f"urgent {i}" for i in range(4)]


def test_waiting_outgrows_priority(simulate: type[Simulation]) -> None:
    """Batches of a stream of urgent requests; the one without priority still gets its turn."""
    limits = BatchLimits(8, 1, 0.0, 100, 0.0, ageing_s=0.05)
    simulation = simulate(limits, fixed_s=0.01, rate_s=0.0)
    poor = simulation.submit(0.0, Work("poor"))
    for i in range(60):
        simulation.submit(0.009 * i, Work(i), priority=2)
    simulation.run()
    assert poor.timing().queue_wait_s <= 0.05 * 3 + 0.02 + 0.03


def test_an_earlier_deadline_goes_first_among_equals(simulation: Simulation) -> None:
    simulation.submit(0.001, *(Work(i) for i in range(4)))
    simulation.submit(0.001, *(Work(f"hurried {i}") for i in range(4)), deadline=0.5)
    simulation.run()
    assert ran(simulation)[0] == [f"hurried {i}" for i in range(4)]


def test_a_caller_that_left_before_the_batch_is_not_in_it(simulation: Simulation) -> None:
    gone = simulation.submit(0.001, Work("gone"), Work("gone too"))
    simulation.submit(0.001, Work("stays"))
    simulation.cancel(0.002, gone)
    simulation.run()
    assert ran(simulation) == [["stays"]]
    assert gone not in simulation.ends
    assert simulation.recorder.of("shed") == ["cancelled"]


def test_a_caller_that_leaves_while_computing_disturbs_nobody(simulation: Simulation) -> None:
    gone = simulation.submit(5.0, Work("gone"))
    stays = simulation.submit(5.0, Work("stays"))
    simulation.cancel(5.001, gone)
    simulation.run()
    assert gone not in simulation.ends
    assert results(stays) == [("result", "stays")]


def test_closed_it_refuses_and_finishes_what_is_queued(simulation: Simulation) -> None:
    queued = simulation.submit(0.001, Work("queued"))
    simulation.at(0.002, simulation.scheduler.close)
    refused = simulation.submit(0.003, Work("refused"))
    simulation.run()
    assert results(queued)
    assert isinstance(refusal(simulation, refused), Unavailable)


def test_shedding_the_queue_leaves_the_device_alone(simulation: Simulation) -> None:
    queued, other = (simulation.submit(0.001, Work("queued")) for _ in range(2))
    error = Unavailable("closing", retry_after_s=3.0)
    simulation.at(0.002, lambda: simulation.scheduler.shed_queued(0.002, error))
    simulation.run()
    assert isinstance(queued.error, Unavailable)
    assert queued.error.retry_after_s == 3.0
    assert queued.error is not other.error  # servers write the request's id into it
    assert len(simulation.calls) == 1


def test_payloads_are_not_kept_alive_by_cycles(simulation: Simulation) -> None:
    class Payload:
        pass

    payload = Payload()
    seen = weakref.ref(payload)
    request = simulation.submit(1.0, Work(payload))
    del payload
    gc.disable()
    try:
        simulation.run()
        simulation.calls.clear()
        simulation.batches.clear()
        simulation.ends.clear()
        simulation.on_end = lambda _: None
        assert not request.is_open
        del request
        assert seen() is None
    finally:
        gc.enable()

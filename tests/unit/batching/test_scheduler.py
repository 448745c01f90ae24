"""What is decided, on a simulated device: the exact batches and the exact ends."""

from __future__ import annotations

import gc
import itertools
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from ekiben.batching import BatchLimits, Work
from ekiben.batching.pending import Batch
from ekiben.batching.request import Request
from ekiben.batching.scheduler import Scheduler
from ekiben.errors import (
    DeadlineExceeded,
    DeadlineUnreachable,
    DeviceOutOfMemory,
    Internal,
    InvalidRequest,
    PayloadTooLarge,
    QueueFull,
    Unavailable,
)

if TYPE_CHECKING:
    from tests.unit.batching.conftest import Simulation

LIMITS = BatchLimits(max_cost=8, max_items=4, max_wait_s=0.0, max_queue_items=20, max_padding_share=0.25)


@pytest.fixture
def simulation(simulate: type[Simulation]) -> Simulation:
    """A device that is busy with "first" from 0 to 11 ms."""
    simulation = simulate(LIMITS, fixed_s=0.01, rate_s=0.001)
    simulation.submit(0.0, Work("first"))
    return simulation


def ran(simulation: Simulation) -> list[list[Any]]:
    """The payloads of every device call but the first."""
    return [[entry.payload for entry in entries] for _, _, entries in simulation.calls[1:]]


def failing(simulation: Simulation, failures: dict[Any, BaseException]) -> None:
    def model(payloads: Sequence[Any]) -> Sequence[Any]:
        for payload in payloads:
            if payload in failures:
                raise failures[payload]
        return [("result", payload) for payload in payloads]

    simulation.model = model


def results(request: Request) -> list[Any]:
    assert not request.is_open
    assert request.error is None
    return request.results


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


def refusal(simulation: Simulation, request: Request) -> Exception:
    [error] = [error for refused, error in simulation.refusals if refused is request]
    return error


def test_the_queue_is_bounded_and_takes_all_or_none(simulation: Simulation) -> None:
    simulation.submit(0.001, *(Work(i) for i in range(18)))
    refused = simulation.submit(0.002, *(Work(i) for i in range(3)))
    fits = simulation.submit(0.003, *(Work(i) for i in range(2)))
    simulation.run()
    error = refusal(simulation, refused)
    assert isinstance(error, QueueFull)
    assert error.retry_after_s is not None
    assert refused not in simulation.ends
    assert len(results(fits)) == 2
    assert sum(map(len, ran(simulation))) == 20
    assert "queue_full" in simulation.recorder.of("shed")


def test_more_than_the_queue_ever_takes_is_too_large(simulation: Simulation) -> None:
    refused = simulation.submit(5.0, *(Work(i) for i in range(21)))
    simulation.run()
    assert isinstance(refusal(simulation, refused), PayloadTooLarge)


def test_a_deadline_passed_while_queued_ends_the_request_then_and_there(simulation: Simulation) -> None:
    late = simulation.submit(0.001, Work("late"), deadline=0.005)
    simulation.run(until=0.006)
    assert isinstance(late.error, DeadlineExceeded)
    assert late.timing().queue_wait_s == pytest.approx(0.004)
    simulation.run()
    assert ran(simulation) == []


def test_a_deadline_passed_while_computing_ends_the_request_and_not_the_call(simulation: Simulation) -> None:
    late = simulation.submit(5.0, Work("late"), deadline=5.002)
    neighbour = simulation.submit(5.0, Work("neighbour"))
    simulation.run()
    assert ran(simulation) == [["late", "neighbour"]]
    assert isinstance(late.error, DeadlineExceeded)
    assert simulation.ends[late] == 1
    assert results(neighbour) == [("result", "neighbour")]


def teach(simulation: Simulation) -> float:
    """Let the device show its speed; returns a moment after which it is idle."""
    for i in range(20):
        simulation.submit(1.0 + i, *(Work(None) for _ in range(1 + i % 4)))
    simulation.run()
    simulation.calls[1:] = []
    return 21.0


def test_hopeless_on_arrival(simulation: Simulation) -> None:
    now = teach(simulation)
    for _ in range(4):
        simulation.submit(now, *(Work("bulk") for _ in range(4)), priority=1)
    hopeless = simulation.submit(now + 0.001, Work("hopeless"), deadline=now + 0.03)
    reachable = simulation.submit(now + 0.001, Work("reachable"), deadline=now + 0.09)
    simulation.run()
    error = refusal(simulation, hopeless)
    assert isinstance(error, DeadlineUnreachable)
    assert error.retry_after_s is not None
    assert results(reachable)


def test_priority_makes_a_deadline_reachable(simulation: Simulation) -> None:
    now = teach(simulation)
    for _ in range(4):
        simulation.submit(now, *(Work("bulk") for _ in range(4)))
    urgent = simulation.submit(now + 0.001, Work("urgent"), deadline=now + 0.03, priority=1)
    simulation.run()
    assert results(urgent)


def test_who_cannot_finish_in_time_is_dropped_uncomputed(simulation: Simulation) -> None:
    now = teach(simulation)
    simulation.submit(now, Work("busy"))
    late = simulation.submit(now + 0.0001, Work("late"), deadline=now + 0.0225)
    simulation.submit(now + 0.0002, *(Work("urgent") for _ in range(4)), priority=1)
    simulation.run()
    assert isinstance(late.error, DeadlineExceeded)
    assert all("late" not in call for call in ran(simulation))


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


def test_a_poisoned_item_fails_its_own_request_only(simulation: Simulation) -> None:
    failing(simulation, {2: ValueError("secret path /etc")})
    requests = [simulation.submit(0.001, Work(i)) for i in range(4)]
    simulation.run()
    assert ran(simulation) == [[0, 1, 2, 3], [0, 1], [2, 3], [2], [3]]
    for i in (0, 1, 3):
        assert results(requests[i]) == [("result", i)]
    error = requests[2].error
    assert type(error) is Internal
    assert isinstance(error.__cause__, ValueError)
    assert "secret" not in error.message
    assert simulation.recorder.of("retried") == ["error", "error"]
    assert simulation.recorder.of("shed") == []


def test_our_own_errors_pass_unchanged(simulation: Simulation) -> None:
    told = InvalidRequest("too many tokens", param="input")
    failing(simulation, {"bad": told})
    bad = simulation.submit(0.001, Work("bad"))
    good = simulation.submit(0.001, Work("good"))
    simulation.run()
    assert bad.error is told
    assert results(good)


def test_the_other_works_of_a_failed_request_are_dropped(simulation: Simulation) -> None:
    failing(simulation, {"bad": ValueError()})
    bad = simulation.submit(0.001, Work("bad"), *(Work(f"more {i}") for i in range(9)))
    good = simulation.submit(0.002, Work("good"))
    simulation.run()
    assert ran(simulation) == [
        ["bad", "more 0", "more 1", "more 2"], ["bad", "more 0"], ["bad"], ["good"],
    ]  # fmt: skip
    assert simulation.ends[bad] == 1
    assert results(good)


def test_a_deadline_passed_between_retries_is_not_computed_again(simulate: type[Simulation]) -> None:
    simulation = simulate(BatchLimits(100, 4, 0.0, 20, 0.25), fixed_s=0.01, rate_s=0.001)
    failing(simulation, {0: ValueError()})
    late = simulation.submit(0.0, Work("late", length=5), deadline=0.03)
    simulation.submit(0.0, Work(0, length=4), Work(1, length=4))
    simulation.run()
    payloads = [[entry.payload for entry in entries] for _, _, entries in simulation.calls]
    assert payloads == [[0, 1, "late"], [0]]
    assert isinstance(late.error, DeadlineExceeded)


@pytest.mark.parametrize("answer", [[], [1], [1, 2, 3], None, 7])
def test_a_wrong_number_of_results_fails_the_whole_batch(simulation: Simulation, answer: Any) -> None:
    simulation.model = lambda payloads: answer if "a" in payloads else payloads
    a, b = simulation.submit(5.0, Work("a")), simulation.submit(5.0, Work("b"))
    simulation.run()
    assert ran(simulation) == [["a", "b"]]
    assert type(a.error) is type(b.error) is Internal
    assert a.error is not b.error


def test_an_exit_in_the_model_fails_the_batch_without_a_retry(simulation: Simulation) -> None:
    failing(simulation, {"a": SystemExit(3)})
    a, b = simulation.submit(5.0, Work("a")), simulation.submit(5.0, Work("b"))
    after = simulation.submit(6.0, Work("after"))
    simulation.run()
    assert ran(simulation) == [["a", "b"], ["after"]]
    assert type(a.error) is type(b.error) is Internal
    assert results(after)


def out_of_memory_above(simulation: Simulation, cost: int) -> None:
    def model(payloads: Sequence[Any]) -> Sequence[Any]:
        if sum(payload[0] for payload in payloads) > cost:
            raise DeviceOutOfMemory("does not fit")
        return [("result", payload) for payload in payloads]

    simulation.model = model


def test_out_of_memory_halves_the_cap_and_the_callers_never_see_it(simulate: type[Simulation]) -> None:
    limits = BatchLimits(1280, 4, 0.0, 100, 0.0)
    simulation = simulate(limits)
    out_of_memory_above(simulation, 640)
    requests = [simulation.submit(0.0, Work((320, i), length=320)) for i in range(8)]
    simulation.run()
    sizes = [len(entries) for _, _, entries in simulation.calls]
    assert sizes == [4, 2, 2, 2, 2]
    assert all(request.error is None for request in requests)
    assert simulation.recorder.of("retried") == ["out_of_memory"]
    assert simulation.recorder.of("cap_changed")[:2] == [1280, 640]
    assert 640 < simulation.scheduler.cap_cost < 1280


def test_the_cap_recovers(simulate: type[Simulation]) -> None:
    limits = BatchLimits(1280, 4, 0.0, 1000, 0.0)
    simulation = simulate(limits)
    out_of_memory_above(simulation, 640)
    simulation.submit(0.0, *(Work((320, i), length=320) for i in range(4)))
    simulation.run()
    out_of_memory_above(simulation, 10**9)
    for i in range(200):
        simulation.submit(10.0 + i, Work((1, i)))
    simulation.run()
    assert simulation.scheduler.cap_cost == 1280


def test_one_item_that_never_fits_gets_503_alone(simulation: Simulation) -> None:
    out_of_memory_above(simulation, 3)
    huge = simulation.submit(5.0, Work((4, "huge")))
    small = simulation.submit(5.0, Work((1, "small")))
    simulation.run()
    assert isinstance(huge.error, DeviceOutOfMemory)
    assert results(small)


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


def gathering(simulate: type[Simulation], max_cost: int = 50, max_items: int = 50) -> tuple[Simulation, float]:
    """A device freed just now, whose four callers came back at once after each of the last two batches."""
    limits = BatchLimits(max_cost, max_items, 0.005, 100, 0.0)
    simulation = simulate(limits, fixed_s=0.01, rate_s=0.001)
    for i in range(20):
        for _ in range(1 + i % 4):
            simulation.submit(1.0 + i, Work(None))
    for i in range(3):
        for _ in range(4):
            simulation.submit(30.0 + 0.0145 * i, Work(i))
    simulation.run(until=30.04)
    freed = simulation.calls[-1][1]
    simulation.calls.clear()
    return simulation, freed


def test_a_hold_ends_after_the_longest_wait(simulate: type[Simulation]) -> None:
    simulation, freed = gathering(simulate)
    lone = simulation.submit(freed + 0.001, Work("lone"))
    simulation.run()
    assert simulation.calls[0][0] == pytest.approx(freed + 0.005)
    assert lone.timing().queue_wait_s == pytest.approx(0.004)


def test_a_hold_ends_when_all_expected_have_come(simulate: type[Simulation]) -> None:
    simulation, freed = gathering(simulate)
    for i in range(4):
        simulation.submit(freed + 0.001 + 0.0001 * i, Work(i))
    simulation.run()
    assert simulation.calls[0][0] == freed + 0.001 + 0.0001 * 3


@pytest.mark.parametrize("limits", [{"max_cost": 4}, {"max_items": 4}])
def test_a_hold_ends_when_the_batch_is_full(simulate: type[Simulation], limits: dict[str, int]) -> None:
    simulation, freed = gathering(simulate, **limits)
    simulation.submit(freed + 0.001, Work("a"))
    simulation.submit(freed + 0.002, Work("b"), Work("c"), Work("d"))
    simulation.run()
    assert simulation.calls[0][0] == freed + 0.002


def test_a_full_batch_is_not_held(simulate: type[Simulation]) -> None:
    simulation, freed = gathering(simulate, max_items=4)
    simulation.submit(freed + 0.001, *(Work(i) for i in range(4)))
    simulation.run()
    assert simulation.calls[0][0] == freed + 0.001


def test_a_hold_ends_on_closing(simulate: type[Simulation]) -> None:
    simulation, freed = gathering(simulate)
    simulation.at(freed + 0.001, simulation.scheduler.close)
    simulation.submit(freed + 0.0005, Work("lone"))
    simulation.run(until=freed + 0.001)
    assert simulation.scheduler.take(freed + 0.001) is not None
    assert simulation.scheduler.queued_items == 0


def test_a_hold_ends_for_a_deadline(simulate: type[Simulation]) -> None:
    """All are gathered again after each batch, but not beyond what one's deadline bears."""
    simulation, freed = gathering(simulate, max_cost=4)
    simulation.submit(freed + 0.0001, Work("patient"))
    hurried = simulation.submit(freed + 0.0002, Work("hurried"), deadline=freed + 0.0155)
    simulation.run()
    started, _, entries = simulation.calls[0]
    assert [entry.payload for entry in entries] == ["hurried", "patient"]
    assert freed + 0.0002 < started < freed + 0.005
    assert results(hurried)


def test_hurried_batches_alternate(simulate: type[Simulation]) -> None:
    simulation = simulate(BatchLimits(100, 100, 0.0, 1000, 0.0), fixed_s=0.01, rate_s=0.001)
    for i in range(20):
        simulation.submit(1.0 + i, *(Work(None) for _ in range(1 + 9 * (i % 4))))
    simulation.run()
    simulation.calls.clear()
    simulation.submit(30.0, *(Work("bulk") for _ in range(400)))
    for i in range(40):
        moment = 30.0 + 0.01 * i
        simulation.submit(moment, Work("tight"), deadline=moment + 0.06, priority=1)
    simulation.run()
    small = [len(entries) < 60 for _, _, entries in simulation.calls]
    bulk_done = max(i for i, (_, _, entries) in enumerate(simulation.calls) if len(entries) > 60)
    assert any(small[:bulk_done])
    assert not any(a and b for a, b in itertools.pairwise(small[:bulk_done]))


def test_what_the_device_is_at_counts_against_a_deadline(simulation: Simulation) -> None:
    now = teach(simulation)
    simulation.submit(now, *(Work("running") for _ in range(4)))
    hopeless = simulation.submit(now + 0.001, Work("hopeless"), deadline=now + 0.02)
    simulation.run()
    assert isinstance(refusal(simulation, hopeless), DeadlineUnreachable)


def test_an_expired_entry_is_not_wanted_even_before_its_timer_fires() -> None:
    scheduler = Scheduler(LIMITS)
    late, good = Request([Work("late")], arrival=0.0, deadline=1.0), Request([Work("good")], arrival=0.0)
    scheduler.admit(late)
    scheduler.admit(good)
    batch = scheduler.take(0.5)
    assert isinstance(batch, Batch)
    assert [entry.payload for entry in scheduler.still_wanted(batch.entries, 1.0)] == ["good"]
    assert scheduler.collect() == [late]


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

"""Who is refused and who is late, on a simulated device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ekiben.batching import Work
from ekiben.batching.pending import Batch
from ekiben.batching.request import Request
from ekiben.batching.scheduler import Scheduler
from ekiben.errors import (
    DeadlineExceeded,
    DeadlineUnreachable,
    PayloadTooLarge,
    QueueFull,
)
from tests.unit.batching.simulated import LIMITS, ran, refusal, results

if TYPE_CHECKING:
    from tests.unit.batching.conftest import Simulation


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

"""Failing and running out of memory, on a simulated device: who hears of it and who does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from ekiben.batching import BatchLimits, Work
from ekiben.errors import (
    DeadlineExceeded,
    DeviceOutOfMemory,
    Internal,
    InvalidRequest,
)
from tests.unit.batching.simulated import failing, ran, results

if TYPE_CHECKING:
    from tests.unit.batching.conftest import Simulation


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

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from ekiben.batching import BatchLimits, Work
from ekiben.batching.holding import Holding
from ekiben.batching.request import Request

if TYPE_CHECKING:
    from tests.unit.batching.conftest import Simulation

LIMITS = BatchLimits(max_cost=64, max_items=64, max_wait_s=0.005, max_queue_items=1000, max_padding_share=0.5)


def seen(*came: int, answered: int = 5, waiting: int = 0, fixed_s: float = 0.01) -> Holding:
    """A device freed once a second; five were answered each time but the last, and then so many came."""
    holding = Holding(max_wait_s=0.005)
    for second, count in enumerate(came):
        holding.freed(float(second), answered=5, waiting=0, fixed_s=fixed_s)
        for _ in range(count):
            holding.arrived(second + 0.001)
    holding.freed(float(len(came)), answered=answered, waiting=waiting, fixed_s=fixed_s)
    return holding


def test_nothing_is_known_at_first() -> None:
    assert Holding(max_wait_s=1.0).until() == -math.inf


def test_it_holds_while_more_are_expected() -> None:
    holding = seen(3, 3)
    assert holding.until() == 2.005
    for _ in range(3):
        assert holding.until() == 2.005
        holding.arrived(2.001)
    assert holding.until() == -math.inf


def test_it_expects_the_smaller_of_the_last_two() -> None:
    assert seen(5, 0).until() == -math.inf
    assert seen(0, 5).until() == -math.inf


def test_it_expects_in_proportion_to_those_answered() -> None:
    holding = seen(5, 5, answered=2)
    holding.arrived(2.001)
    assert holding.until() == 2.005
    holding.arrived(2.001)
    assert holding.until() == -math.inf


def test_it_expects_no_more_back_than_were_answered() -> None:
    holding = seen(50, 50, answered=1)
    holding.arrived(2.001)
    assert holding.until() == -math.inf


def test_a_batch_that_ended_no_request_teaches_nothing() -> None:
    holding = seen(5, 5, answered=0)
    assert holding.until() == -math.inf
    holding.freed(3.0, answered=5, waiting=0, fixed_s=0.01)
    assert holding.until() == 3.005


def test_it_stakes_no_more_than_the_fixed_cost() -> None:
    assert seen(3, 3, fixed_s=0.002).until() == pytest.approx(2.002)
    assert seen(3, 3, fixed_s=0.0).until() <= 2.0


def test_the_few_expected_do_not_keep_the_many_waiting() -> None:
    assert seen(3, 3, waiting=3).until() > 2.0
    assert seen(3, 3, waiting=4).until() == -math.inf


def test_arrivals_outside_the_span_do_not_count() -> None:
    holding = Holding(max_wait_s=0.005)
    for second in range(2):
        holding.freed(float(second), answered=1, waiting=0, fixed_s=0.01)
        holding.arrived(second + 0.006)
    holding.freed(2.0, answered=1, waiting=0, fixed_s=0.01)
    assert holding.until() == -math.inf


def closed_loop(simulation: Simulation, callers: int, rounds: int, turnaround_s: float) -> None:
    """Callers that come back a moment after their answer, a little after one another."""
    left = dict.fromkeys(range(callers), rounds)
    owner: dict[Request, int] = {}

    def come(caller: int, moment: float) -> None:
        if left[caller]:
            left[caller] -= 1
            owner[simulation.submit(moment, Work(caller))] = caller

    simulation.on_end = lambda request: come(
        owner[request], simulation.now + turnaround_s * (1 + owner[request] / callers)
    )
    start = simulation.now
    for caller in range(callers):
        come(caller, start + turnaround_s * (1 + caller / callers))
    simulation.run()


def test_64_callers_in_a_loop_share_one_batch(simulate: type[Simulation]) -> None:
    simulation = simulate(LIMITS, fixed_s=0.01, rate_s=0.001)
    closed_loop(simulation, 64, rounds=60, turnaround_s=0.001)
    sizes = [len(batch.entries) for batch, _ in simulation.batches]
    assert sizes[-20:] == [64] * 20
    ideal_s = 60 * (0.01 + 0.064 + 0.002)
    assert simulation.now < 1.15 * ideal_s


def test_holding_beats_not_holding_for_64_callers(simulate: type[Simulation]) -> None:
    def duration_s(max_wait_s: float) -> float:
        limits = BatchLimits(64, 64, max_wait_s, 1000, 0.5)
        simulation = simulate(limits, fixed_s=0.01, rate_s=0.0005)
        closed_loop(simulation, 64, rounds=60, turnaround_s=0.001)
        return simulation.now

    assert duration_s(0.005) < 0.95 * duration_s(0.0)


def test_one_caller_in_a_loop_never_waits(simulate: type[Simulation]) -> None:
    simulation = simulate(LIMITS)
    closed_loop(simulation, 1, rounds=60, turnaround_s=0.001)
    ends = list(simulation.ends)
    assert len(ends) == 60
    assert max(request.timing().queue_wait_s for request in ends) == 0.0


def test_one_caller_after_a_crowd_waits_but_briefly(simulate: type[Simulation]) -> None:
    simulation = simulate(LIMITS)
    closed_loop(simulation, 64, rounds=30, turnaround_s=0.001)
    crowd = len(simulation.ends)
    closed_loop(simulation, 1, rounds=30, turnaround_s=0.001)
    waits = [request.timing().queue_wait_s for request in list(simulation.ends)[crowd:]]
    assert len(waits) == 30
    assert sum(waits) <= 0.005


def test_an_idle_device_takes_a_lone_item_at_once_after_a_crowd(simulate: type[Simulation]) -> None:
    simulation = simulate(LIMITS)
    closed_loop(simulation, 64, rounds=30, turnaround_s=0.001)
    simulation.on_end = lambda _: None
    lone = simulation.submit(simulation.now + 1.0, Work("lone"))
    simulation.run()
    assert lone.timing().queue_wait_s == 0.0


def test_two_callers_out_of_step_fall_into_step(simulate: type[Simulation]) -> None:
    simulation = simulate(LIMITS)
    closed_loop(simulation, 5, rounds=10, turnaround_s=0.0005)  # teaches what a batch costs
    first, second = simulation.now + 0.02, simulation.now + 0.025

    def come_back(_: Request) -> None:
        if simulation.now < 5:
            simulation.submit(simulation.now + 0.0005, Work(0))

    simulation.on_end = come_back
    simulation.submit(first, Work(1))
    simulation.submit(second, Work(2))
    simulation.run()
    assert [len(batch.entries) for batch, _ in simulation.batches[-10:]] == [2] * 10

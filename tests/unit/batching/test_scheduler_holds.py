"""Waiting for company, on a simulated device."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from ekiben.batching import BatchLimits, Work
from tests.unit.batching.simulated import results

if TYPE_CHECKING:
    from tests.unit.batching.conftest import Simulation


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

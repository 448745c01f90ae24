"""What tests of the scheduler say of a simulated device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ekiben.batching import BatchLimits
from ekiben.batching.request import Request

if TYPE_CHECKING:
    from tests.unit.batching.conftest import Simulation

LIMITS = BatchLimits(max_cost=8, max_items=4, max_wait_s=0.0, max_queue_items=20, max_padding_share=0.25)


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


def refusal(simulation: Simulation, request: Request) -> Exception:
    [error] = [error for refused, error in simulation.refusals if refused is request]
    return error

"""What must hold whatever comes: arrivals × cancellations × failures × deadlines × priorities × memory."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ekiben.batching import Batcher, BatchLimits, DeviceThread, Work
from ekiben.errors import (
    DeadlineExceeded,
    DeadlineUnreachable,
    DeviceOutOfMemory,
    Internal,
    InvalidRequest,
    Overloaded,
    PayloadTooLarge,
)

if TYPE_CHECKING:
    from ekiben.batching.request import Request
    from tests.unit.batching.conftest import Simulation

LENGTHS = st.integers(1, 12)
KINDS = st.sampled_from(["good"] * 8 + ["poisoned", "invalid", "huge"])


@dataclass(frozen=True)
class Plan:
    """One request: when it comes, what it brings, and when its caller loses interest."""

    arrival: float
    works: tuple[tuple[int, str, str], ...]  # length, shape, kind
    patience_s: float
    priority: int
    leaves_after_s: float | None


PLANS = st.lists(
    st.builds(
        Plan,
        arrival=st.floats(0, 0.3),
        works=st.lists(st.tuples(LENGTHS, st.sampled_from("ab"), KINDS), min_size=1, max_size=9).map(tuple),
        patience_s=st.one_of(st.just(math.inf), st.floats(-0.01, 0.2)),
        priority=st.integers(-2, 2),
        leaves_after_s=st.one_of(st.none(), st.floats(0, 0.2)),
    ),
    max_size=25,
)
LIMITS = st.builds(
    BatchLimits,
    max_cost=st.integers(1, 60),
    max_items=st.integers(1, 8),
    max_wait_s=st.sampled_from([0.0, 0.005, 0.1]),
    max_queue_items=st.integers(1, 40),
    max_padding_share=st.sampled_from([0.0, 0.2, 0.5, 1.0]),
    ageing_s=st.just(0.05),
)


def model(payloads: Sequence[Any]) -> Sequence[Any]:
    for _, _, kind in payloads:
        if kind == "poisoned":
            raise ValueError("poisoned")
        if kind == "invalid":
            raise InvalidRequest("invalid")
        if kind == "huge":
            raise DeviceOutOfMemory("huge")
    return [("result", payload) for payload in payloads]


def submit(simulation: Simulation, number: int, plan: Plan) -> Request:
    works = [Work((number, place, kind), length, shape) for place, (length, shape, kind) in enumerate(plan.works)]
    deadline = plan.arrival + plan.patience_s
    request = simulation.submit(plan.arrival, *works, deadline=deadline, priority=plan.priority)
    if plan.leaves_after_s is not None:
        simulation.cancel(plan.arrival + plan.leaves_after_s, request)
    return request


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plans=PLANS, limits=LIMITS)
def test_invariants(simulate: type[Simulation], plans: list[Plan], limits: BatchLimits) -> None:
    simulation = simulate(limits, fixed_s=0.004, rate_s=0.0005)
    simulation.model = model
    requests = [submit(simulation, number, plan) for number, plan in enumerate(plans)]
    simulation.run()

    assert simulation.scheduler.queued_items == 0
    assert max(simulation.recorder.of("queued")) <= limits.max_queue_items
    for number, (plan, request) in enumerate(zip(plans, requests, strict=True)):
        check_end(simulation, number, plan, request, limits)
    check_calls(simulation, limits)


def check_end(simulation: Simulation, number: int, plan: Plan, request: Request, limits: BatchLimits) -> None:
    """Each request ends exactly once, and as its own works and its caller deserve."""
    refusals = [error for refused, error in simulation.refusals if refused is request]
    ends = simulation.ends.get(request, 0)
    if refusals:
        assert len(refusals) == 1
        assert ends == 0
        assert isinstance(refusals[0], (Overloaded, PayloadTooLarge, DeadlineExceeded))
        assert isinstance(refusals[0], PayloadTooLarge) == (len(plan.works) > limits.max_queue_items)
        return
    assert not request.is_open
    if ends == 0:
        assert plan.leaves_after_s is not None
        return
    assert ends == 1
    kinds = {kind for _, _, kind in plan.works}
    if request.error is None:
        assert kinds == {"good"}
        expected = [("result", (number, place, kind)) for place, (_, _, kind) in enumerate(plan.works)]
        assert request.results == expected
    elif isinstance(request.error, DeadlineExceeded):
        assert plan.patience_s < math.inf
    else:
        kind = {Internal: "poisoned", InvalidRequest: "invalid", DeviceOutOfMemory: "huge"}[type(request.error)]
        assert kind in kinds


def check_calls(simulation: Simulation, limits: BatchLimits) -> None:
    """No call breaks a limit, overlaps another, or computes what nobody can use any more."""
    for batch, cap in simulation.batches:
        entries = batch.entries
        longest = max(entry.length for entry in entries)
        assert len(entries) <= limits.max_items
        assert len(entries) == 1 or len(entries) * longest <= cap <= limits.max_cost
        assert len({entry.shape_key for entry in entries}) == 1
        padding = 1 - sum(entry.length for entry in entries) / (len(entries) * longest)
        assert padding <= limits.max_padding_share + 1e-9
    previous_end = 0.0
    for started, ended, entries in simulation.calls:
        assert started >= previous_end
        previous_end = ended
        assert all(entry.deadline > started for entry in entries)
    runs = Counter(id(entry) for _, _, entries in simulation.calls for entry in entries)
    assert max(runs.values(), default=0) <= 1 + math.ceil(math.log2(limits.max_items))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    arrivals=st.lists(st.tuples(st.floats(0, 0.5), st.integers(0, 2), LENGTHS), max_size=60),
    ageing_s=st.sampled_from([0.02, 0.1]),
)
def test_nobody_starves(simulate: type[Simulation], arrivals: list[tuple[float, int, int]], ageing_s: float) -> None:
    """An item waits for those due before it and for the batch on the device, for no others."""
    limits = BatchLimits(24, 4, 0.0, 1000, 0.3, ageing_s=ageing_s)
    simulation = simulate(limits, fixed_s=0.01, rate_s=0.0005)
    requests = [
        simulation.submit(arrival, Work(i, length), priority=priority)
        for i, (arrival, priority, length) in enumerate(arrivals)
    ]
    simulation.run()
    due = {id(r): r.arrival - r.priority * ageing_s for r in requests}
    for started, _, entries in simulation.calls:
        waiting = [r for r in requests if r.arrival < started and r.timing().queue_wait_s + r.arrival > started]
        anchor = min(due[id(entry.request)] for entry in entries)
        assert all(anchor <= due[id(request)] + 1e-9 for request in waiting)


@settings(max_examples=30, deadline=None)
@given(
    callers=st.lists(
        st.tuples(
            st.lists(KINDS, min_size=1, max_size=4),
            st.integers(0, 3),  # turns of the loop before it submits
            st.one_of(st.none(), st.integers(0, 6)),  # and before it is cancelled
            st.one_of(st.none(), st.floats(0.0, 0.01)),
        ),
        max_size=20,
    )
)
def test_on_real_threads_every_caller_is_told_its_own(
    callers: list[tuple[list[str], int, int | None, float | None]],
) -> None:
    at_once: list[int] = [0, 0]

    def run(payloads: Sequence[Any]) -> Sequence[Any]:
        at_once[0] += 1
        at_once[1] = max(at_once)
        try:
            return model(payloads)
        finally:
            at_once[0] -= 1

    async def call(batcher: Batcher[Any, Any], number: int) -> None:
        kinds, wait, _, patience_s = callers[number]
        for _ in range(wait):
            await asyncio.sleep(0)
        works = [Work((number, place, kind)) for place, kind in enumerate(kinds)]
        deadline = None if patience_s is None else device.clock() + patience_s
        try:
            results, _ = await batcher.submit(works, deadline=deadline)
        except (DeadlineExceeded, DeadlineUnreachable):
            assert patience_s is not None
        except (Internal, InvalidRequest, DeviceOutOfMemory):
            assert set(kinds) != {"good"}
        else:
            assert results == [("result", work.payload) for work in works]

    async def main() -> None:
        limits = BatchLimits(64, 6, 0.001, 1000, 0.5)
        batcher: Batcher[Any, Any] = Batcher(run, limits, device=device)
        tasks = [asyncio.create_task(call(batcher, number)) for number in range(len(callers))]
        for turn in range(8):
            for task, (_, _, cancel_at, _) in zip(tasks, callers, strict=True):
                if cancel_at == turn:
                    task.cancel()
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                assert outcome is None or isinstance(outcome, asyncio.CancelledError)
            await batcher.close()
        assert batcher.depth == 0

    device = DeviceThread()
    asyncio.run(main())
    assert device.close(wait_s=10)
    assert at_once[1] <= 1

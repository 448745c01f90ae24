"""Every way between states is in the table, and no operation takes another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from valkey.exceptions import ResponseError

from ekiben.errors import EkibenError
from ekiben.jobs import Cost, Fault, Lease, Problem, Result, State
from ekiben.jobs.states import NEW, TERMINAL, TRANSITIONS
from tests.unit.jobs.bench import Bench

_COST, _PROBLEM = Cost(), Problem(code="internal_error", message="m")


async def _to(bench: Bench, state: State) -> Lease:
    """A job in that state, and the last lease of it there was."""
    job_id = await bench.submit(deadline_s=100, max_attempts=1, delay_s=0)
    lease = await bench.lease()
    worker = bench.worker()
    match state:
        case State.QUEUED:
            await worker.hand_back(lease, _COST)
        case State.SUCCEEDED:
            await worker.complete(lease, Result(value=1), _COST)
        case State.FAILED:
            await worker.fail(lease, Fault.PERMANENT, _PROBLEM, _COST)
        case State.CANCELLED:
            await bench.queue.cancel(job_id)
            await worker.hand_back(lease, _COST)
        case State.EXPIRED:
            await bench.advance(101)
    assert await bench.state(job_id) is state
    return lease


async def _retry(bench: Bench, lease: Lease) -> None:
    await bench.queue.retry_with(lease.job, lease.job.specification, f"again_{lease.job.id[:20]}")


# Every operation that could move a job.
_OPERATIONS: dict[str, Callable[[Bench, Lease], Awaitable[object]]] = {
    "lease": lambda bench, _: bench.lease_all(),
    "heartbeat": lambda bench, lease: bench.worker().heartbeat(lease),
    "complete": lambda bench, lease: bench.worker().complete(lease, Result(value=2), _COST),
    "fail": lambda bench, lease: bench.worker().fail(lease, Fault.TRANSIENT, _PROBLEM, _COST),
    "hand_back": lambda bench, lease: bench.worker().hand_back(lease, _COST),
    "cancel": lambda bench, lease: bench.queue.cancel(lease.job.id),
    "retry": _retry,
    "a lease runs out": lambda bench, _: bench.advance(20),
    "a deadline passes": lambda bench, _: bench.advance(101),
}


@pytest.mark.parametrize("operation", _OPERATIONS)
@pytest.mark.parametrize("state", State)
async def test_no_operation_takes_a_way_that_is_not_in_the_table(bench: Bench, state: State, operation: str) -> None:
    lease = await _to(bench, state)
    before = await bench.kinds(lease.job.id)
    refused: EkibenError | None = None
    try:
        await _OPERATIONS[operation](bench, lease)
    except EkibenError as error:
        refused = error
    if refused is not None:
        assert refused.status == 409
        assert (await bench.state(lease.job.id), await bench.kinds(lease.job.id)) == (state, before)
    found = await bench.state(lease.job.id)
    assert found is state or (state, found) in TRANSITIONS
    if state.terminal:
        assert (found, await bench.kinds(lease.job.id)) == (state, before)


async def test_a_way_that_is_not_in_the_table_is_refused_by_the_server_itself(bench: Bench) -> None:
    """Whatever an operation may come to: the one place that moves jobs looks at the table."""
    source = bench.store._scripts["submit"].text.partition("-- Invariant: a job and its")[0]
    tag = bench.store.key().rstrip(":")
    for state in State:
        job_id = (await _to(bench, state)).job.id
        for other in State:
            if (state, other) not in TRANSITIONS:
                with pytest.raises(ResponseError, match=f"no way from {state} to {other}"):
                    await bench.raw.eval(f"{source}\nmove(read(ARGV[1]), ARGV[2])", 1, tag, job_id, other)
                assert await bench.state(job_id) is state
        await bench.queue.purge([job_id])


def test_the_table_begins_with_new_and_ends_in_the_terminal_states() -> None:
    assert {before for before, _ in TRANSITIONS} == {NEW, State.QUEUED, State.RUNNING}
    assert {after for _, after in TRANSITIONS} == set(State)
    assert {state for state in State if state.terminal} == TERMINAL

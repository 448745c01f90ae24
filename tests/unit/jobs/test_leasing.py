"""Who gets which job, and what a lease allows."""

from __future__ import annotations

import asyncio

import pytest
from valkey.exceptions import ResponseError

from ekiben.errors import LeaseLost
from ekiben.jobs import Checkpoint, Cost, Fault, Pointer, Problem, Progress, QueueRules, Reason, Result, State
from ekiben.jobs.leasing import Called
from tests.unit.jobs.bench import Bench

_COST, _PROBLEM = Cost(), Problem(code="internal_error", message="m")


def _checkpoint(job_id: str, fence: int, step: int) -> Checkpoint:
    key = f"jobs/{job_id}/{fence}/{step:064}"
    return Checkpoint(blob=Pointer(key=key, sha256=f"{step:064}", size_bytes=1, media_type="x/y"), step=step)


async def test_first_come_first_served_within_a_priority(bench: Bench) -> None:
    low = [await bench.submit(priority=-1) for _ in range(2)]
    ids = [await bench.submit() for _ in range(3)]
    high = await bench.submit(priority=1)
    assert await bench.lease_all() == [high, *ids, *low]


async def test_whoever_waits_an_ageing_period_passes_one_priority(bench: Bench) -> None:
    old = await bench.submit()
    await bench.advance(61)
    fresh = await bench.submit(priority=1)
    urgent = await bench.submit(priority=2)
    assert await bench.lease_all() == [urgent, old, fresh]


async def test_one_job_of_another_does_not_wait_behind_a_thousand(bench: Bench) -> None:
    for _ in range(30):
        await bench.submit(principal="many")
    assert len(await bench.lease_all(5)) == 5
    alone = await bench.submit(principal="alone")
    assert alone in await bench.lease_all(2)


async def test_shares_are_equal_in_work_not_in_jobs(bench: Bench) -> None:
    large = [await bench.submit(principal="large", work=4) for _ in range(10)]
    small = [await bench.submit(principal="small", work=1) for _ in range(40)]
    leased = await bench.lease_all(25)
    assert len(set(leased) & set(large)) == pytest.approx(5, abs=1)
    assert len(set(leased) & set(small)) == pytest.approx(20, abs=1)


async def test_who_was_away_has_not_saved_up(bench: Bench) -> None:
    await bench.submit(principal="late")
    await bench.lease_all()
    for _ in range(20):
        await bench.submit(principal="busy")
    await bench.lease_all(10)
    for _ in range(10):
        await bench.submit(principal="late")
    leased = [(await bench.lease()).job.principal for _ in range(10)]
    assert leased.count("late") == pytest.approx(5, abs=1)


async def test_no_more_of_a_principal_run_than_its_limit(bench: Bench) -> None:
    limited = [await bench.submit(principal="limited", max_running=2) for _ in range(4)]
    other = await bench.submit(principal="other")
    assert set(await bench.lease_all(1)) == {limited[0]}
    second = await bench.lease()
    third = await bench.lease()
    assert {second.job.id, third.job.id} == {limited[1], other}
    assert await bench.lease_all() == []
    held = second if second.job.principal == "limited" else third
    await bench.worker().complete(held, Result(value=1), _COST)
    assert await bench.worker().wait(0.01) == Called(jobs=True)  # It was rung for.
    assert await bench.lease_all() == [limited[2]]
    assert await bench.lease_all() == []


async def test_a_limit_counts_over_all_models(bench: Bench) -> None:
    await bench.submit(max_running=1)
    other = await bench.submit(max_running=1, model="n")
    lease = await bench.lease()
    assert await bench.lease_all(model="n") == []
    await bench.worker().hand_back(lease, _COST)
    assert await bench.lease_all(model="n") == [other]


async def test_a_delayed_job_waits_and_a_worker_hears_how_long(bench: Bench) -> None:
    job_id = await bench.submit(delay_s=7)
    leased = await bench.worker().lease(1)
    assert (leased.leases, leased.next_s) == ((), 7.0)
    await bench.set_time(bench.now_ms + 7_000)
    assert await bench.lease_all() == [job_id]


async def test_a_limit_that_is_raised_lets_those_go_that_it_held_up(bench: Bench) -> None:
    ids = [await bench.submit(max_running=1) for _ in range(4)]
    assert await bench.lease_all() == ids[:1]
    ids.append(await bench.submit(max_running=3))
    assert await bench.lease_all() == ids[1:3]
    ids.append(await bench.submit())
    assert await bench.lease_all() == ids[3:]


async def test_an_expired_job_is_not_handed_out(bench: Bench) -> None:
    late = await bench.submit(deadline_s=5)
    fine = await bench.submit(deadline_s=50)
    await bench.set_time(bench.now_ms + 6_000)  # Nobody has swept yet.
    assert await bench.lease_all() == [fine]
    assert await bench.state(late) is State.EXPIRED


async def test_a_lease_has_a_fence_of_its_own_that_only_grows(bench: Bench) -> None:
    job_id = await bench.submit()
    fences = []
    for _ in range(3):
        lease = await bench.lease()
        fences.append(lease.fence)
        await bench.worker().hand_back(lease, _COST)
    assert fences == sorted(set(fences))
    job = await bench.queue.get(job_id)
    assert (job.attempts, job.failures, job.crashes) == (0, 0, 0)


async def test_two_workers_never_hold_one_job(bench: Bench) -> None:
    ids = {await bench.submit() for _ in range(40)}
    leased = await asyncio.gather(*(bench.lease_all(3, worker=f"w{n}") for n in range(20)))
    taken = [job_id for one in leased for job_id in one]
    assert (len(taken), set(taken)) == (40, ids)


async def test_a_fenced_worker_can_do_nothing(bench: Bench) -> None:
    job_id = await bench.submit()
    lost = await bench.lease(worker="w1")
    await bench.advance(20)
    await bench.advance(1)  # The backoff.
    held = await bench.lease(worker="w2")
    worker = bench.worker("w1")
    for commit in (
        worker.heartbeat(lost, Progress(step=9, of=9)),
        worker.checkpoint(lost, _checkpoint(job_id, lost.fence, 9)),
        worker.complete(lost, Result(value="stale"), _COST),
        worker.fail(lost, Fault.PERMANENT, _PROBLEM, _COST),
        worker.hand_back(lost, _COST),
    ):
        with pytest.raises(LeaseLost):
            await commit
    job = await bench.queue.get(job_id)
    assert (job.state, job.worker, job.progress, job.checkpoint, job.result) == (State.RUNNING, "w2", None, None, None)
    await bench.worker("w2").complete(held, Result(value="fresh"), _COST)
    with pytest.raises(LeaseLost):
        await worker.complete(lost, Result(value="stale"), _COST)
    result = (await bench.queue.get(job_id)).result
    assert result is not None
    assert result.value == "fresh"


async def test_a_heartbeat_keeps_the_lease_and_tells_the_progress(bench: Bench) -> None:
    job_id = await bench.submit()
    lease = await bench.lease()
    for step in range(1, 5):
        await bench.advance(10)
        assert await bench.worker().heartbeat(lease, Progress(step=step, of=4)) is False
    assert (await bench.queue.get(job_id)).progress == Progress(step=4, of=4)
    assert await bench.kinds(job_id) == ["queued", "started", *["step"] * 4]


async def test_a_commit_whose_answer_was_lost_can_be_sent_again(bench: Bench) -> None:
    job_id = await bench.submit()
    lease = await bench.lease()
    for _ in range(2):
        assert await bench.worker().complete(lease, Result(value=1), Cost(device_s=2.5, steps=4)) is State.SUCCEEDED
    with pytest.raises(LeaseLost):
        await bench.worker().complete(lease, Result(value=2), _COST)
    job = await bench.queue.get(job_id)
    assert (job.result, job.cost) == (Result(value=1), Cost(device_s=2.5, steps=4))
    assert await bench.kinds(job_id) == ["queued", "started", "succeeded"]


async def test_a_checkpoint_goes_with_the_job_and_replaces_the_former(bench: Bench) -> None:
    job_id = await bench.submit()
    lease = await bench.lease()
    first, second = (_checkpoint(job_id, lease.fence, step) for step in (5, 10))
    assert await bench.worker().checkpoint(lease, first) is None
    assert await bench.worker().checkpoint(lease, second) == first
    await bench.worker().hand_back(lease, _COST)
    assert (await bench.lease("w2")).job.checkpoint == second


async def test_a_checkpoint_outside_of_its_lease_is_refused(bench: Bench) -> None:
    job_id = await bench.submit()
    lease = await bench.lease()
    with pytest.raises(ResponseError, match="outside of its lease"):
        await bench.worker().checkpoint(lease, _checkpoint(job_id, lease.fence + 1, 1))
    assert (await bench.queue.get(job_id)).checkpoint is None


async def test_a_running_job_that_is_cancelled_calls_its_worker(bench: Bench) -> None:
    job_id = await bench.submit()
    lease = await bench.lease()
    worker = bench.worker()
    waiting = asyncio.create_task(worker.wait(for_jobs=False))
    assert await bench.queue.cancel(job_id) is State.RUNNING
    assert await waiting == Called(stop=job_id)
    assert await worker.heartbeat(lease) is True
    assert await worker.hand_back(lease, _COST) is State.CANCELLED
    assert await bench.kinds(job_id) == ["queued", "started", "cancelling", "cancelled"]
    assert await bench.lease_all() == []


async def test_a_cancellation_that_was_accepted_wins_over_the_result(bench: Bench) -> None:
    job_id = await bench.submit()
    lease = await bench.lease()
    await bench.queue.cancel(job_id)
    assert await bench.worker().complete(lease, Result(value=1), _COST) is State.CANCELLED
    assert (await bench.queue.get(job_id)).result is None


async def test_a_sleeping_worker_is_woken_by_a_job_and_by_no_other_model(bench: Bench) -> None:
    waiting = asyncio.create_task(bench.worker().wait())
    await bench.submit(model="n")
    assert await bench.worker().wait(0.02) in (Called(), Called(jobs=True))
    await bench.submit()
    assert await waiting == Called(jobs=True)


async def test_work_left_behind_wakes_the_next_worker(bench: Bench) -> None:
    for _ in range(3):
        await bench.submit()
    for _ in range(3):
        assert await bench.worker().wait() == Called(jobs=True)
        assert len(await bench.lease_all(1)) == 1
    assert await bench.worker().wait(0.02) == Called()


async def test_failures_wait_longer_each_time_and_end_on_the_dead_letter_list(bench: Bench) -> None:
    job_id = await bench.submit(max_attempts=3)
    waits = []
    for _ in range(2):
        assert await bench.worker().fail(await bench.lease(), Fault.TRANSIENT, _PROBLEM, _COST) is State.QUEUED
        next_s = (await bench.worker().lease(1)).next_s
        assert next_s is not None
        waits.append(next_s)
        await bench.advance(next_s)
    assert waits == [0.75, 1.5]
    assert await bench.worker().fail(await bench.lease(), Fault.TRANSIENT, _PROBLEM, _COST) is State.FAILED
    job = await bench.queue.get(job_id)
    assert (job.reason, job.problem, job.failures, job.attempts) == (Reason.EXHAUSTED, _PROBLEM, 3, 3)


async def test_capacity_takes_longer_and_the_fault_of_the_job_is_final(bench: Bench) -> None:
    await bench.submit()
    await bench.worker().fail(await bench.lease(), Fault.CAPACITY, _PROBLEM, _COST)
    assert (await bench.worker().lease(1)).next_s == 3.75
    job_id = await bench.submit()
    assert await bench.worker().fail(await bench.lease(), Fault.PERMANENT, _PROBLEM, _COST) is State.FAILED
    assert (await bench.queue.get(job_id)).reason is Reason.PERMANENT


async def test_what_is_away_for_long_fails_no_job(bench: Bench) -> None:
    job_id, waits = await bench.submit(max_attempts=1), []
    for _ in range(8):
        assert await bench.worker().fail(await bench.lease(), Fault.AWAY, _PROBLEM, _COST) is State.QUEUED
        job = await bench.queue.get(job_id)
        assert (job.attempts, job.failures, job.problem) == (0, 0, _PROBLEM)
        next_s = (await bench.worker().lease(1)).next_s
        assert next_s is not None
        waits.append(next_s)
        await bench.advance(next_s)
    assert waits == [1.5, 3.0, 6.0, 12.0, 24.0, 45.0, 45.0, 45.0]
    assert (await bench.kinds(job_id)).count("retrying") == 8


async def test_a_handed_back_job_keeps_its_place(bench: Bench) -> None:
    ids = [await bench.submit() for _ in range(3)]
    lease = await bench.lease()
    await bench.worker().hand_back(lease, _COST)
    assert await bench.lease_all() == ids


@pytest.mark.parametrize("rules", [QueueRules(lease_ms=1_000)])
async def test_the_length_of_a_lease_is_the_rules(bench: Bench, rules: QueueRules) -> None:
    await bench.submit()
    assert (await bench.lease()).lease_s == rules.lease_ms / 1_000

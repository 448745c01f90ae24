"""What happens by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ekiben.errors import JobNotFound, LeaseLost
from ekiben.jobs import Checkpoint, Cost, Events, Filter, News, Pointer, QueueRules, Reason, Result, State, Sweeper
from ekiben.jobs.blobs import BlobEntry, put_input, put_output
from tests.unit.jobs.bench import Bench
from tests.unit.jobs.folder_blobs import FolderBlobs


async def test_the_jobs_of_a_dead_worker_wait_again_a_little_later(bench: Bench) -> None:
    job_id = await bench.submit()
    await bench.lease("w1")
    await bench.advance(14)
    assert await bench.state(job_id) is State.RUNNING
    await bench.advance(2)
    assert await bench.state(job_id) is State.QUEUED
    assert await bench.kinds(job_id) == ["queued", "started", "interrupted"]
    assert await bench.lease_all(worker="w2") == []
    await bench.advance(1)
    assert await bench.lease_all(worker="w2") == [job_id]
    job = await bench.queue.get(job_id)
    assert (job.attempts, job.crashes, job.failures) == (2, 1, 0)


async def test_a_job_that_takes_its_workers_with_it_is_parked(bench: Bench) -> None:
    job_id = await bench.submit(max_attempts=20)
    for _ in range(3):
        await bench.lease()
        await bench.advance(16)
        await bench.advance(10)
    job = await bench.queue.get(job_id)
    assert (job.state, job.reason, job.crashes) == (State.FAILED, Reason.POISON, 3)
    assert job.problem is not None
    assert job.problem.code == "worker_lost"


async def test_time_that_the_server_was_away_is_no_workers_crash(bench: Bench) -> None:
    job_id = await bench.submit()
    lease = await bench.lease()
    for _ in range(4):
        await bench.advance(10)
        await bench.worker().heartbeat(lease)
        await bench.set_time(bench.now_ms + 60_000)
        await bench.sweep()
        assert await bench.state(job_id) is State.RUNNING
    await bench.worker().heartbeat(lease)
    job = await bench.queue.get(job_id)
    assert (job.state, job.crashes) == (State.RUNNING, 0)
    assert await bench.kinds(job_id) == ["queued", "started"]


async def test_a_worker_that_was_lost_while_the_server_was_away_is_noticed_after_what_was_left_of_its_lease(
    bench: Bench,
) -> None:
    job_id = await bench.submit()
    await bench.lease()
    await bench.advance(10)
    await bench.set_time(bench.now_ms + 60_000)
    await bench.sweep()
    await bench.advance(4)
    assert await bench.state(job_id) is State.RUNNING
    await bench.advance(3)
    assert await bench.state(job_id) is State.QUEUED


async def test_a_job_that_comes_on_between_crashes_is_no_poison(bench: Bench) -> None:
    job_id = await bench.submit()
    for step in range(6):
        lease = await bench.lease()
        pointer = Pointer(key=f"jobs/{job_id}/{lease.fence}/{step}", sha256="0", size_bytes=1, media_type="x/y")
        await bench.worker().checkpoint(lease, Checkpoint(blob=pointer, step=step))
        await bench.advance(16)
        await bench.advance(10)
    job = await bench.queue.get(job_id)
    assert (job.state, job.crashes) == (State.QUEUED, 1)
    await bench.worker().complete(await bench.lease(), Result(value=1), Cost())


async def test_a_cancelled_job_of_a_dead_worker_ends_as_cancelled(bench: Bench) -> None:
    job_id = await bench.submit()
    await bench.lease()
    await bench.queue.cancel(job_id)
    await bench.advance(16)
    assert await bench.state(job_id) is State.CANCELLED


async def test_deadlines_end_what_waits_and_what_runs(bench: Bench) -> None:
    ids = [await bench.submit(deadline_s=30), await bench.submit(deadline_s=30, delay_s=100)]
    lease = await bench.lease()
    for _ in range(3):
        await bench.advance(9)
        await bench.worker().heartbeat(lease)
    await bench.advance(4)
    assert [await bench.state(job_id) for job_id in ids] == [State.EXPIRED] * 2
    assert (await bench.worker().wait(for_jobs=False)).stop == lease.job.id
    with pytest.raises(LeaseLost):
        await bench.worker().complete(lease, Result(value=1), Cost())


async def test_a_delayed_job_joins_the_line_and_rings(bench: Bench) -> None:
    job_id = await bench.submit(delay_s=10)
    await bench.worker().wait()
    assert (await bench.worker().lease(1)).leases == ()
    await bench.advance(10)
    assert (await bench.worker().wait()).jobs
    assert await bench.lease_all() == [job_id]


@pytest.mark.parametrize("rules", [QueueRules(retention_ms=1_000)])
async def test_what_ended_goes_after_its_time_and_its_blobs_with_it(bench: Bench, blobs: FolderBlobs) -> None:
    job_id, waiting = await bench.submit(idempotency_key="k"), await bench.submit()
    lease = await bench.lease()
    pointer = await put_output(blobs, job_id, lease.fence, b"picture", "image/png")
    await bench.worker().complete(lease, Result(blobs=(pointer,)), Cost())
    await bench.set_time(bench.now_ms + 1_001)
    assert (await Sweeper(bench.store, blobs).retire(), blobs.keys) == (1, set())
    assert await bench.lease_all() == [waiting]
    # But for the mark by which its owner, and nobody else, hears that it was there.
    assert [key for key in await bench.keys() if job_id in key] == [f"gone:{job_id}"]


@pytest.mark.parametrize("rules", [QueueRules(max_kept_each=2)])
async def test_of_what_ended_only_so_many_are_kept_for_each_principal(bench: Bench, blobs: FolderBlobs) -> None:
    ids = [await bench.submit() for _ in range(5)]
    other, waiting = await bench.submit(principal="q"), await bench.submit()
    for job_id in [*ids, other]:
        await put_input(blobs, job_id, b"input", "x/y")
        await bench.queue.cancel(job_id)
        await bench.set_time(bench.now_ms + 1)
    sweeper = Sweeper(bench.store, blobs)
    assert [await sweeper.retire(), await sweeper.retire()] == [3, 0]
    kept = {job.id for job in (await bench.queue.page(Filter())).jobs}
    assert kept == {*ids[3:], other, waiting}
    assert {key.split("/")[1] for key in blobs.keys} == {*ids[3:], other}
    await bench.queue.purge([ids[3]])
    await bench.queue.cancel(waiting)
    assert await sweeper.retire() == 0


class _StuckBlobs(FolderBlobs):
    """A store that does not answer."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"))
        self.asked = asyncio.Event()

    async def list(self, prefix: str) -> AsyncIterator[BlobEntry]:
        self.asked.set()
        await asyncio.Event().wait()
        yield BlobEntry(prefix, 0, 0)


@pytest.mark.parametrize("rules", [QueueRules(retention_ms=1_000)])
async def test_what_is_due_is_done_while_the_store_of_blobs_hangs(bench: Bench) -> None:
    ended, late = await bench.submit(), await bench.submit(deadline_s=30)
    await bench.worker().complete(await bench.lease(), Result(value=1), Cost())
    await bench.set_time(bench.now_ms + 2_000)
    stuck = _StuckBlobs()
    sweeping = asyncio.create_task(Sweeper(bench.store, stuck).run(every_s=0.01))
    async with asyncio.timeout(10):
        await stuck.asked.wait()
        await bench.set_time(bench.now_ms + 30_000)
        while await bench.state(late) is not State.EXPIRED:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.01)
    sweeping.cancel()
    with pytest.raises(JobNotFound):
        await bench.queue.get(ended)


async def test_more_than_fits_into_one_sweep_is_done_in_several(bench: Bench) -> None:
    ids = [await bench.submit(deadline_s=30) for _ in range(230)]
    await bench.set_time(bench.now_ms + 60_000)
    swept = [await bench.sweeper.sweep() for _ in range(3)]
    assert [one.expired for one in swept] == [100, 100, 30]
    assert [one.busy for one in swept] == [True, True, False]
    assert {await bench.state(job_id) for job_id in ids} == {State.EXPIRED}


async def test_sweeping_goes_on_after_a_fault_that_nobody_foresaw(bench: Bench) -> None:
    job_id, leases = await bench.submit(deadline_s=1), bench.store.key("leases")
    await bench.raw.set(leases, "no set")
    await bench.set_time(bench.now_ms + 2_000)
    sweeping = asyncio.create_task(bench.sweeper.run(every_s=0.01))
    done, _ = await asyncio.wait({sweeping}, timeout=0.2)
    assert not done
    await bench.raw.delete(leases)
    async with asyncio.timeout(10):
        while await bench.state(job_id) is not State.EXPIRED:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.01)
    sweeping.cancel()


async def test_sweeping_goes_on_by_itself(bench: Bench) -> None:
    job_id = await bench.submit(deadline_s=1)
    await bench.set_time(bench.now_ms + 2_000)
    sweeping = asyncio.create_task(bench.sweeper.run(every_s=0.01))
    async with asyncio.timeout(10):
        async with News(bench.store) as news:
            kinds = [event.kind async for event in Events(bench.store, news).follow(job_id)]
    assert kinds == ["queued", "expired"]
    sweeping.cancel()

"""What an attempt may do with its lease."""

from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.errors import InvalidRequest, LeaseLost
from ekiben.jobs import Cost, JobQueue
from ekiben.jobs.blobs import put_input
from ekiben.worker.jobs import workbench as module
from ekiben.worker.jobs.away import Away
from ekiben.worker.jobs.workbench import Workbench
from tests.unit.jobs.folder_blobs import FolderBlobs
from tests.unit.worker.jobs.conftest import Queue


async def test_a_newer_checkpoint_takes_the_place_of_the_former_whose_bytes_go(queue: Queue) -> None:
    lease = await queue.lease()
    bench = Workbench(queue.leasing, lease, queue.blobs)
    await bench.checkpoint(b"one", 1)
    await bench.checkpoint(b"two", 2)
    job = await queue.get(lease.job.id)
    assert job.checkpoint is not None
    assert job.checkpoint.step == 2
    assert [entry.key async for entry in queue.blobs.list("jobs/")] == [job.checkpoint.blob.key]
    await bench.forget_checkpoint()
    assert [entry async for entry in queue.blobs.list("jobs/")] == []


async def test_the_next_holder_reads_the_last_checkpoint_and_goes_without_one_that_is_gone(queue: Queue) -> None:
    lease = await queue.lease()
    await Workbench(queue.leasing, lease, queue.blobs).checkpoint(b"state", 3)
    await queue.leasing.hand_back(lease, Cost())
    (again,) = (await queue.leasing.lease(1)).leases
    bench = Workbench(queue.leasing, again, queue.blobs)
    assert await bench.checkpointed() == b"state"
    assert again.job.checkpoint is not None
    await queue.blobs.delete(again.job.checkpoint.blob.key)
    assert await bench.checkpointed() is None


async def test_after_the_lease_is_lost_nothing_is_kept(queue: Queue) -> None:
    lease = await queue.lease()
    bench = Workbench(queue.leasing, lease, queue.blobs)
    await JobQueue(queue.store).purge([lease.job.id])
    with pytest.raises(LeaseLost):
        await bench.checkpoint(b"state", 1)


async def test_an_input_that_is_gone_is_the_jobs_own_fault(queue: Queue) -> None:
    pointer = await put_input(queue.blobs, "job_00000001", b"picture", "image/png")
    await queue.submit(id="job_00000001", input=pointer)
    (lease,) = (await queue.leasing.lease(1)).leases
    bench = Workbench(queue.leasing, lease, queue.blobs)
    assert await bench.input() == b"picture"
    await queue.blobs.delete(pointer.key)
    with pytest.raises(InvalidRequest, match="gone or damaged"):
        await bench.input()


class Flaky(FolderBlobs):
    """A store that is away for the next `away` calls."""

    away = 0

    async def get(self, key: str) -> bytes:
        self._check()
        return await super().get(key)

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        self._check()
        await super().put(key, data, media_type)

    def _check(self) -> None:
        self.away -= 1
        if self.away >= 0:
            raise OSError("away")


async def test_a_store_that_is_away_for_a_while_is_waited_for(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_STORE_WAITS_S", (0.01, 0.01))
    blobs = Flaky(tmp_path)
    pointer = await put_input(blobs, "job_00000001", b"picture", "image/png")
    await queue.submit(id="job_00000001", input=pointer)
    (lease,) = (await queue.leasing.lease(1)).leases
    await Workbench(queue.leasing, lease, blobs).checkpoint(b"state", 3)
    await queue.leasing.hand_back(lease, Cost())
    (again,) = (await queue.leasing.lease(1)).leases
    bench = Workbench(queue.leasing, again, blobs)
    blobs.away = 2
    assert await bench.input() == b"picture"
    blobs.away = 2
    assert await bench.checkpointed() == b"state"
    blobs.away = 2
    assert (await bench.put_result(b"result", "image/png")).size_bytes == 6
    for use in (bench.input, bench.checkpointed, lambda: bench.put_result(b"result", "image/png")):
        blobs.away = 3
        with pytest.raises(Away):
            await use()


async def test_costs_add_up_over_attempts(queue: Queue) -> None:
    lease = await queue.lease()
    now = [0.0]
    bench = Workbench(queue.leasing, lease, queue.blobs, clock=lambda: now[0])
    bench.computed(3)
    now[0] = 2.0
    await queue.leasing.hand_back(lease, bench.cost)
    (again,) = (await queue.leasing.lease(1)).leases
    second = Workbench(queue.leasing, again, queue.blobs, clock=lambda: now[0])
    second.computed(4)
    now[0] = 5.0
    assert second.cost == Cost(device_s=5.0, steps=7)

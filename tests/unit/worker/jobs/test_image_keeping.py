"""Pictures are written down while they are drawn, whatever is newest."""

from __future__ import annotations

import asyncio

from ekiben.inference.image_generation import Facts, FinishedImage, Snapshot
from ekiben.worker.jobs.image_keeping import ImageKeeping
from ekiben.worker.jobs.image_state import Begun, ImageState
from ekiben.worker.jobs.pace import CheckpointPace
from ekiben.worker.jobs.workbench import Workbench
from tests.unit.worker.jobs.conftest import Queue

_MODEL = "m 1.0.0"
_FACTS = Facts(7, 32, 32, 10, 3.0, "ddim", "m", "1.0.0", 10)


def _snapshot(step: int) -> Snapshot:
    return Snapshot(step, 10, lambda: f"state {step}".encode())


async def _kept(queue: Queue, job_id: str) -> ImageState:
    job = await queue.get(job_id)
    assert job.checkpoint is not None
    return ImageState.from_bytes(await queue.blobs.get(job.checkpoint.blob.key), _MODEL)


async def test_the_newest_of_each_picture_is_kept_and_a_finished_one_with_its_file(queue: Queue) -> None:
    lease = await queue.lease()
    bench = Workbench(queue.leasing, lease, queue.blobs)
    keeping = ImageKeeping(ImageState(_MODEL), bench, CheckpointPace(every_steps=2, every_s=0.0))
    checkpoints = keeping.checkpoints(3)
    assert [(each.every_steps, each.every_s, each.resume) for each in checkpoints.values()] == [(2, 0.0, None)] * 3
    checkpoints[0].keep(_snapshot(2))
    checkpoints[1].keep(_snapshot(2))
    checkpoints[1].keep(_snapshot(4))
    await asyncio.sleep(0)  # They come by way of the loop, since engines are not on it.
    keeping.done(FinishedImage(0, b"file", _FACTS))
    await keeping.flush()
    state = await _kept(queue, lease.job.id)
    assert state.finished == {0: FinishedImage(0, b"file", _FACTS)}
    assert state.begun == {1: Begun(4, b"state 4")}
    assert state.step == 14


async def test_nothing_new_is_not_written_again(queue: Queue) -> None:
    lease = await queue.lease()
    keeping = ImageKeeping(ImageState(_MODEL), Workbench(queue.leasing, lease, queue.blobs), CheckpointPace())
    await keeping.flush()
    assert (await queue.get(lease.job.id)).checkpoint is None


async def test_what_was_there_is_gone_on_from_and_what_is_done_is_left_out(queue: Queue) -> None:
    lease = await queue.lease()
    state = ImageState(_MODEL, {0: FinishedImage(0, b"file", _FACTS)}, {2: Begun(4, b"state 4")})
    keeping = ImageKeeping(state, Workbench(queue.leasing, lease, queue.blobs), CheckpointPace())
    assert {index: each.resume for index, each in keeping.checkpoints(3).items()} == {1: None, 2: b"state 4"}


async def test_within_the_block_it_writes_by_itself(queue: Queue) -> None:
    lease = await queue.lease()
    bench = Workbench(queue.leasing, lease, queue.blobs)
    async with ImageKeeping(ImageState(_MODEL), bench, CheckpointPace()) as keeping:
        keeping.checkpoints(1)[0].keep(_snapshot(3))
        async with asyncio.timeout(10):
            while (await queue.get(lease.job.id)).checkpoint is None:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.01)
    assert (await _kept(queue, lease.job.id)).begun == {0: Begun(3, b"state 3")}

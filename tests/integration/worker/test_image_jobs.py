"""Jobs of a model that draws, on worker processes that are killed, drained and replaced."""

from __future__ import annotations

import signal

import pytest

from ekiben.jobs import State, open_blobs
from ekiben.jobs.blobs import get_checked
from tests.integration.worker.conftest import Works

pytestmark = pytest.mark.slow

_INTERVAL = 2


async def test_a_job_is_drawn_and_its_picture_published(works: Works) -> None:
    works.start_worker()
    job = await works.ended(await works.submit())
    assert job.state is State.SUCCEEDED
    assert job.result is not None
    (blob,) = job.result.blobs
    assert (await get_checked(open_blobs(works.settings), blob)).startswith(b"\x89PNG")
    assert blob.media_type == "image/png"
    assert isinstance(job.result.value, dict)
    assert job.result.value["pictures"][0]["seed"] == 7  # type: ignore[index,call-overload]
    assert job.cost.steps == 10


async def test_a_killed_workers_job_goes_on_at_its_last_checkpoint(works: Works) -> None:
    first = works.start_worker(step_s=0.2)
    job_id = await works.submit(steps=20)
    await works.until(job_id, lambda job: job.checkpoint is not None and job.checkpoint.step >= 4)
    first.end(signal.SIGKILL)
    second = works.start_worker()
    job = await works.ended(job_id)
    assert job.state is State.SUCCEEDED
    assert await works.kinds(job_id) == ["queued", "started", "interrupted", "resumed", "succeeded"]
    again = [step for pid, step in works.computed() if pid == second.pid]
    assert again == list(range(again[0], 21))
    before = max(step for pid, step in works.computed() if pid == first.pid)
    assert 0 <= before - (again[0] - 1) <= _INTERVAL


async def test_a_drained_worker_hands_back_and_no_step_is_computed_twice(works: Works) -> None:
    first = works.start_worker(step_s=0.2)
    job_id = await works.submit(steps=20)
    await works.until(job_id, lambda job: job.progress is not None and job.progress.step >= 3)
    assert first.end(signal.SIGTERM) == 0
    job = await works.queue.get(job_id)
    assert (job.state, job.attempts, job.crashes) == (State.QUEUED, 0, 0)
    works.start_worker()
    job = await works.ended(job_id)
    assert job.state is State.SUCCEEDED
    assert [step for _, step in works.computed()] == list(range(1, 21))
    assert await works.kinds(job_id) == ["queued", "started", "handed_back", "resumed", "succeeded"]
    assert job.attempts == 1

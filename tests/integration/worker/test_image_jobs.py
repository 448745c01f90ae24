"""Jobs of a model that draws, on worker processes that are killed, drained and replaced."""

from __future__ import annotations

import signal

import pytest

from ekiben.inference.image_frames import encode_request
from ekiben.inference.image_generation import ImageGenerationRequest, ImageSettings
from ekiben.jobs import Reason, State, Submission, new_job_id, open_blobs
from ekiben.jobs.blobs import get_checked, put_input
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
    assert job.cost.steps == 20
    assert await works.kinds(job_id) == ["queued", "started", "handed_back", "resumed", "succeeded"]
    assert job.attempts == 1


async def test_a_cancelled_job_stops_within_a_step_and_its_slot_is_free(works: Works) -> None:
    worker = works.start_worker(step_s=0.2)
    job_id = await works.submit(steps=20)
    await works.until(job_id, lambda job: job.progress is not None)
    await works.queue.cancel(job_id)
    job = await works.ended(job_id)
    assert job.state is State.CANCELLED
    stopped_at = max(step for _, step in works.computed())
    assert stopped_at < 20
    following = await works.ended(await works.submit(seed=8, steps=2))
    assert following.state is State.SUCCEEDED
    assert max(step for _, step in works.computed()) <= stopped_at + 1
    assert worker.process.poll() is None


async def test_another_version_of_the_model_starts_the_job_over(works: Works) -> None:
    first = works.start_worker(step_s=0.2)
    job_id = await works.submit(steps=12)
    await works.until(job_id, lambda job: job.checkpoint is not None)
    first.end(signal.SIGTERM)
    second = works.start_worker(version="2.0.0")
    job = await works.ended(job_id)
    assert job.state is State.SUCCEEDED
    assert [step for pid, step in works.computed() if pid == second.pid] == list(range(1, 13))
    assert "a job starts over" in second.log.read_text()


async def test_pictures_of_one_job_that_are_done_are_not_drawn_again(works: Works) -> None:
    first = works.start_worker(step_s=0.1)
    await works.submit(prompt="wait", seed=100, n=3)  # Takes three of the four slots and keeps them.
    await works.until_computed(100, 1)
    job_id = await works.submit(steps=6, n=3)
    await works.until_computed(7, 3)
    first.end(signal.SIGTERM)
    works.start_worker()
    job = await works.ended(job_id)
    assert job.state is State.SUCCEEDED
    assert job.result is not None
    assert len(job.result.blobs) == 3
    for seed in (7, 8, 9):
        assert [step for _, step in works.computed(seed)] == list(range(1, 7))


async def test_a_frozen_worker_that_comes_back_publishes_nothing(works: Works) -> None:
    first = works.start_worker(step_s=0.2)
    job_id = await works.submit(steps=10)
    await works.until(job_id, lambda job: job.checkpoint is not None)
    first.process.send_signal(signal.SIGSTOP)
    works.start_worker()
    job = await works.ended(job_id)
    first.process.send_signal(signal.SIGCONT)
    after = await works.ended(await works.submit(seed=8))
    assert after.state is State.SUCCEEDED
    again = await works.queue.get(job_id)
    assert again.result == job.result
    assert job.worker != after.worker or again.fence == job.fence
    assert (await works.kinds(job_id))[-1] == "succeeded"


async def test_a_job_that_takes_its_workers_along_is_parked(works: Works) -> None:
    job_id = await works.submit(prompt="wait")  # Stands still after its first step, before any checkpoint.
    for crashes in (1, 2, 3):
        worker = works.start_worker()
        await works.until(job_id, lambda job: job.state is State.RUNNING)
        worker.end(signal.SIGKILL)
        await works.until(job_id, lambda job, crashes=crashes: job.crashes == crashes)  # type: ignore[misc]
    job = await works.ended(job_id)
    assert (job.state, job.reason) == (State.FAILED, Reason.POISON)


async def test_errors_are_told_and_only_some_are_tried_again(works: Works) -> None:
    works.start_worker()
    refused = await works.ended(await works.submit(prompt="refuse"))
    assert (refused.state, refused.reason, refused.failures) == (State.FAILED, Reason.PERMANENT, 1)
    assert refused.problem is not None
    assert refused.problem.code == "invalid_value"
    failing = await works.ended(await works.submit(prompt="fail", max_attempts=2))
    assert (failing.state, failing.reason, failing.failures) == (State.FAILED, Reason.EXHAUSTED, 2)


async def test_a_full_store_costs_no_job(works: Works) -> None:
    full = works.folder / "full"
    full.touch()
    works.start_worker(FAULTS_STORE=str(full))
    job_id = await works.submit()
    await works.until_computed(7, 10)
    full.unlink()
    job = await works.ended(job_id)
    assert (job.state, job.attempts) == (State.SUCCEEDED, 1)


async def test_large_inputs_come_as_blobs_and_previews_go_as_such(works: Works) -> None:
    works.start_worker(step_s=0.3)
    job_id, blobs = new_job_id(), open_blobs(works.settings)
    settings = ImageSettings("a cat", 32, 32, 4, 3.0, 7, "ddim", partial_images=2)
    data = encode_request(ImageGenerationRequest(settings, image=b"a picture"))
    given = await put_input(blobs, job_id, data, "application/octet-stream")
    await works.queue.submit(Submission(id=job_id, model="toy-image", task="text-to-image", principal="p", input=given))
    job = await works.until(job_id, lambda job: job.progress is not None and job.progress.preview is not None)
    assert job.progress is not None
    assert job.progress.preview is not None
    assert (await get_checked(blobs, job.progress.preview)).startswith(b"\x89PNG")
    assert (await works.ended(job_id)).state is State.SUCCEEDED

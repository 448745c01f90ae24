"""Pictures of a real engine, whose workers are killed at random steps or drained: the same as undisturbed ones."""

from __future__ import annotations

import io
import random
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ekiben.inference.image_generation import Pixels
from ekiben.jobs import Job, State, open_blobs
from ekiben.jobs.blobs import get_checked
from tests.integration.worker.conftest import Works
from tests.unit.diffusion import tiny_pipelines
from tests.unit.diffusion.making import psnr

pytestmark = pytest.mark.slow

_STEPS = 150
_INTERVAL = 10
_SAME_DB = 50.0
_SEED = 7
_PROGRAM = "tests.integration.worker.tiny_worker"


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline with random weights."""
    folder: Path = tmp_path_factory.mktemp("tiny")
    tiny_pipelines.stable_diffusion().save_pretrained(folder, safe_serialization=True)
    return folder


async def _picture(works: Works, job: Job) -> Pixels:
    assert job.state is State.SUCCEEDED, job.problem
    assert job.result is not None
    data = await get_checked(open_blobs(works.settings), job.result.blobs[0])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


async def test_killed_or_drained_at_random_steps_they_are_the_same(works: Works, files: Path) -> None:
    """What a kill costs is at most what lies between two checkpoints; a drain costs nothing."""
    chance = random.Random(3)
    worker = works.start(_PROGRAM, str(files), EKIBEN_CHECKPOINT_STEPS=str(_INTERVAL))
    undisturbed = await _picture(
        works, await works.ended(await works.submit(steps=_STEPS, scheduler="euler_ancestral"))
    )
    (works.folder / "steps").write_text("")
    job_id = await works.submit(steps=_STEPS, scheduler="euler_ancestral")
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        done = max((step for _, step in works.computed(_SEED)), default=0)
        await works.until_computed(_SEED, done + chance.randrange(5, 30))
        worker.end(number)
        worker = works.start(_PROGRAM, str(files), EKIBEN_CHECKPOINT_STEPS=str(_INTERVAL))
    job = await works.ended(job_id)
    disturbed = await _picture(works, job)
    assert psnr(undisturbed, disturbed) >= _SAME_DB
    kinds = await works.kinds(job_id)
    assert kinds.count("interrupted") == 2
    assert kinds.count("handed_back") == 1
    _check_steps(works.computed(_SEED))


def _check_steps(computed: list[tuple[int, int]]) -> None:
    """From one process to the next: after a kill, some steps again; after a drain, none. The last is not told of."""
    runs: dict[int, list[int]] = {}
    for pid, step in computed:
        runs.setdefault(pid, []).append(step)
    first, drained, killed, last = runs.values()
    assert first[0] == 1
    assert last[-1] == _STEPS - 1
    for run in (first, drained, killed, last):
        assert run == list(range(run[0], run[-1] + 1))
    assert 0 <= first[-1] - drained[0] + 1 <= _INTERVAL
    assert killed[0] == drained[-1] + 1
    assert 0 <= killed[-1] - last[0] + 1 <= _INTERVAL

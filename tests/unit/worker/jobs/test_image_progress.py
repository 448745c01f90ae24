"""How far several pictures are together, and which steps were computed here."""

from __future__ import annotations

from ekiben.inference.image_generation import Facts, FinishedImage, ImageSettings, Preview, Step
from ekiben.jobs import Pointer, Progress
from ekiben.worker.jobs.image_progress import ImageProgress
from ekiben.worker.jobs.image_state import Begun, ImageState
from ekiben.worker.jobs.workbench import Workbench
from tests.unit.worker.jobs.conftest import Queue

_SETTINGS = ImageSettings("a cat", 32, 32, 10, 3.0, 7, "ddim", n=3)
_FACTS = Facts(7, 32, 32, 10, 3.0, "ddim", "m", "1.0.0", 10)
_STATE = ImageState("m 1.0.0", {0: FinishedImage(0, b"file", _FACTS)}, {1: Begun(4, b"state")})


async def test_steps_of_all_pictures_add_up_and_only_those_of_this_attempt_cost(queue: Queue) -> None:
    lease = await queue.lease()
    bench = Workbench(queue.leasing, lease, queue.blobs)
    progress = ImageProgress(_SETTINGS, _STATE, bench)
    progress.stepped(Step(1, 5, 10))
    progress.stepped(Step(2, 2, 10))
    assert bench.latest == Progress(step=17, of=30)
    assert bench.cost.steps == 3
    progress.finished(1)
    progress.finished(2)
    assert bench.latest == Progress(step=30, of=30)
    assert bench.cost.steps == 16


async def test_a_picture_from_another_takes_fewer_steps_and_a_preview_goes_along(queue: Queue) -> None:
    lease = await queue.lease()
    bench = Workbench(queue.leasing, lease, queue.blobs)
    progress = ImageProgress(_SETTINGS, ImageState("m 1.0.0"), bench)
    shown = Pointer(key="jobs/x/1/y", sha256="y", size_bytes=1, media_type="image/png")
    progress.previewed(Preview(0, 0, 3, 8, b"file"), shown)
    assert bench.latest == Progress(step=3, of=28, preview=shown)

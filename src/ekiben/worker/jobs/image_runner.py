"""Pictures as jobs: drawn with everyone else's, written down on the way, continued where another worker stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, replace
from typing import Any, Final

import orjson
import structlog
from pydantic import JsonValue

from ekiben.cards.card import Card
from ekiben.errors import CheckpointRefused, QueueFull, ShuttingDown
from ekiben.inference.image_frames import decode_request, read_settings
from ekiben.inference.image_generation import FinishedImage, ImageGenerationRequest, ImagesEnd, Preview
from ekiben.jobs import Job, Result
from ekiben.worker.image_engine import ImageEngine, Running
from ekiben.worker.image_files import MEDIA_TYPES
from ekiben.worker.jobs.away import Away, not_begun
from ekiben.worker.jobs.image_keeping import ImageKeeping
from ekiben.worker.jobs.image_progress import ImageProgress
from ekiben.worker.jobs.image_state import ImageState
from ekiben.worker.jobs.pace import CheckpointPace
from ekiben.worker.jobs.runner import Suspended
from ekiben.worker.jobs.workbench import Workbench

_log = structlog.get_logger("ekiben.worker")

# Someone waits for the others' answers: a job's picture goes after those that were asked for up to an ageing period
# later, and before all that come after that, so that it is not starved.
_PRIORITY: Final = -1
_AGAIN_S: Final = 0.2


class ImageJobRunner:
    """See `JobRunner`.

    Args:
        engine: What draws.
        card: The model's.
        pace: How often the pictures are written down.
    """

    def __init__(self, engine: ImageEngine, card: Card, pace: CheckpointPace) -> None:
        self._engine, self._pace = engine, pace
        self._model = f"{card.name} {card.version}"

    @property
    def free_slots(self) -> int:
        """See `JobRunner`."""
        return self._engine.free_slots

    async def run(self, job: Job, bench: Workbench) -> Result:
        """See `JobRunner`."""
        # Until the request has been read it counts as one picture.
        with self._engine.occupied(1):
            request = await _request(job, bench)
            with self._engine.occupied(request.settings.n - 1):
                return await self._continue(request, job, bench)

    async def _continue(self, request: ImageGenerationRequest, job: Job, bench: Workbench) -> Result:
        data, fresh = await bench.checkpointed(), ImageState(self._model)
        try:
            state = fresh if data is None else ImageState.from_bytes(data, self._model)
            return await self._draw(request, state, bench)
        except CheckpointRefused as error:
            _log.warning("a job starts over", job=job.id, reason=error.message)
            return await self._draw(request, fresh, bench)

    async def _draw(self, request: ImageGenerationRequest, state: ImageState, bench: Workbench) -> Result:
        progress = ImageProgress(request.settings, state, bench)
        async with (
            ImageKeeping(state, bench, self._pace) as keeping,
            self._running(request, keeping, bench) as running,
            _suspending(running, bench),
        ):
            try:
                return await self._read(request, running, keeping, progress, bench)
            except ShuttingDown:
                await running.drawings.ended()
                await keeping.flush()
                raise Suspended from None

    @asynccontextmanager
    async def _running(
        self, request: ImageGenerationRequest, keeping: ImageKeeping, bench: Workbench
    ) -> AsyncIterator[Running]:
        """Begin to draw, as soon as the engine has room."""
        async with AsyncExitStack() as stack:
            while True:
                if bench.suspending.is_set():
                    raise Suspended
                checkpoints = keeping.checkpoints(request.settings.n)
                begun = self._engine.running(request, priority=_PRIORITY, checkpoints=checkpoints)
                try:
                    with not_begun():
                        running = await stack.enter_async_context(begun)
                    break
                except Away as away:
                    if not isinstance(away.error, QueueFull):
                        raise
                    await asyncio.sleep(_AGAIN_S)
            yield running

    async def _read(
        self,
        request: ImageGenerationRequest,
        running: Running,
        keeping: ImageKeeping,
        progress: ImageProgress,
        bench: Workbench,
    ) -> Result:
        media_type, stages = MEDIA_TYPES[request.settings.output_format], dict[str, float]()
        async for event in running.events:
            if isinstance(event, FinishedImage):
                progress.finished(event.index)
                keeping.done(event)
            elif isinstance(event, Preview):
                progress.previewed(event, await bench.put_preview(event.image, media_type))
            elif isinstance(event, ImagesEnd):
                stages = dict(event.stages)
            else:
                progress.stepped(event)
        images = [image for _, image in sorted(keeping.finished.items())]
        blobs = [await bench.put_result(image.image, media_type) for image in images]
        value = {"pictures": [{"index": image.index, **asdict(image.facts)} for image in images], "stages": stages}
        return Result(blobs=tuple(blobs), value=_plain(value))


@asynccontextmanager
async def _suspending(running: Running, bench: Workbench) -> AsyncIterator[None]:
    """Within the block, the pictures are suspended when the bench says so."""

    async def suspend() -> None:
        await bench.suspending.wait()
        running.drawings.suspend()

    waiting = asyncio.create_task(suspend())
    try:
        yield
    finally:
        waiting.cancel()


async def _request(job: Job, bench: Workbench) -> ImageGenerationRequest:
    """What to draw, steps told."""
    inline, data = job.specification.inline, await bench.input()
    if data is not None:
        request = decode_request(data)
    else:
        request = ImageGenerationRequest(read_settings(inline.get("settings") if isinstance(inline, dict) else None))
    return replace(request, settings=replace(request.settings, progress=True))


def _plain(value: dict[str, Any]) -> JsonValue:
    """As JSON has it: mappings and tuples of the facts become objects and arrays."""
    plain: JsonValue = orjson.loads(orjson.dumps(value, default=dict))
    return plain

"""What a caller reads of its pictures: news from the mailbox, made into files as fast as the caller reads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor
from dataclasses import replace

from ekiben.inference.image_generation import (
    Drawn,
    FinishedImage,
    ImageEvent,
    ImageGenerationRequest,
    ImagesEnd,
    Preview,
    Step,
)
from ekiben.worker.image_files import encode_image, encode_preview
from ekiben.worker.image_mailbox import Ended, ImageMailbox, Previewed, Stepped
from ekiben.worker.image_metrics import ImageMetrics


class ImageEvents:
    """The events of one request.

    Args:
        request: What is drawn.
        mailbox: Where the generator tells of it.
        files: Threads that write files.
        metrics: Told of every file.
        prepare_s: What the request took before this, in seconds.
        missing: Pictures that are still to come; None: all that were asked for.
    """

    def __init__(
        self,
        request: ImageGenerationRequest,
        mailbox: ImageMailbox,
        files: Executor,
        metrics: ImageMetrics,
        prepare_s: float,
        missing: int | None = None,
    ) -> None:
        self._settings, self._is_edit = request.settings, request.image is not None
        self._mailbox, self._files, self._metrics = mailbox, files, metrics
        self._stages: dict[str, float] = {"prepare": prepare_s}
        self._missing = request.settings.n if missing is None else missing

    async def all(self) -> AsyncGenerator[ImageEvent, None]:
        """Every event, the last one an `ImagesEnd`.

        Raises:
            EkibenError: A picture failed.
        """
        missing = self._missing
        while missing:
            news = await self._mailbox.news()
            # Those that ended together are written together; what failed comes last, as nothing is read after it.
            files = {each.index: self._finish(each) for each in news if isinstance(each, Ended) and each.is_drawn}
            for each in news:
                if isinstance(each, Previewed):
                    yield await self._preview(each)
                elif isinstance(each, Stepped) and self._settings.progress:
                    yield _step(each)
                elif isinstance(each, Ended) and each.is_drawn:
                    yield await files[each.index]
                    missing -= 1
            for each in news:
                if isinstance(each, Ended):
                    each.drawn()
        yield ImagesEnd(self._stages)

    def _finish(self, ended: Ended) -> asyncio.Task[FinishedImage]:
        """Begin to write a picture."""
        return asyncio.ensure_future(self._finished(ended.index, ended.drawn()))

    async def _finished(self, index: int, drawn: Drawn) -> FinishedImage:
        image, seconds = await self._write(lambda: encode_image(drawn, self._settings, is_edit=self._is_edit))
        self._metrics.wrote(seconds)
        stages = {**drawn.facts.stages, "file": seconds}
        self._stages |= {name: max(spent, self._stages.get(name, 0.0)) for name, spent in stages.items()}
        return FinishedImage(index, image, replace(drawn.facts, stages=stages))

    async def _preview(self, shown: Previewed) -> Preview:
        image, seconds = await self._write(lambda: encode_preview(shown.pixels, self._settings))
        self._metrics.previewed(seconds)
        return Preview(shown.index, shown.number, shown.step, shown.steps, image)

    async def _write(self, write: Callable[[], bytes]) -> tuple[bytes, float]:
        """Run in a thread; returns the file and the seconds it took there."""

        def timed() -> tuple[bytes, float]:
            started = time.perf_counter()
            return write(), time.perf_counter() - started

        return await asyncio.get_running_loop().run_in_executor(self._files, timed)


def _step(stepped: Stepped) -> Step:
    return Step(stepped.index, stepped.step, stepped.steps)

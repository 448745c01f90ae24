"""The order in which a request's news is read."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from ekiben.errors import ShuttingDown
from ekiben.inference.image_generation import (
    Drawn,
    Facts,
    FinishedImage,
    ImageEvent,
    ImageGenerationRequest,
    ImageSettings,
    Step,
)
from ekiben.worker.image_events import ImageEvents
from ekiben.worker.image_mailbox import ImageMailbox
from ekiben.worker.image_metrics import ImageMetrics


class Picture:
    def __init__(self) -> None:
        self.future: Future[Drawn] = Future()

    def cancel(self) -> bool:
        return self.future.cancel()

    def suspend(self) -> None:
        raise AssertionError("nobody asked for that")


async def _read(events: ImageEvents, to: list[ImageEvent]) -> None:
    async for event in events.all():
        to.append(event)  # noqa: PERF401  # what was read stays, whatever is raised


async def test_what_came_before_a_failure_is_told_before_it() -> None:
    """Else a job that is suspended would draw a finished picture again, and not count its last step."""
    mailbox, pictures = ImageMailbox(lambda: None), [Picture(), Picture()]
    for index, picture in enumerate(pictures):
        mailbox.watch(index, picture)
    mailbox.listener(0)(3, 9, None)
    pictures[0].future.set_exception(ShuttingDown("leaving."))
    facts = Facts(0, 8, 8, 9, 0.0, "ddim", "toy", "1", 9)
    pictures[1].future.set_result(Drawn(np.zeros((8, 8, 3), dtype=np.uint8), facts))
    request = ImageGenerationRequest(ImageSettings("a", 8, 8, 9, 0.0, 0, "ddim", n=2, progress=True))
    read: list[ImageEvent] = []
    with ThreadPoolExecutor(1) as files:
        events = ImageEvents(request, mailbox, files, ImageMetrics(CollectorRegistry(), "toy"), 0.0)
        with pytest.raises(ShuttingDown):
            await _read(events, read)
    step, finished = read
    assert step == Step(0, 3, 9)
    assert isinstance(finished, FinishedImage)
    assert finished.index == 1

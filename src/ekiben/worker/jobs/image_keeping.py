"""Writes a job's pictures down while they are drawn: whatever is newest, one checkpoint after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Self

from ekiben.errors import LeaseLost
from ekiben.inference.image_generation import Checkpoints, FinishedImage, Snapshot
from ekiben.worker.jobs.image_state import Begun, ImageState
from ekiben.worker.jobs.pace import CheckpointPace
from ekiben.worker.jobs.workbench import Workbench


class ImageKeeping:
    """Of one job; within the block it writes by itself.

    Args:
        state: What is there already.
        bench: Where it is kept.
        pace: How often.
    """

    def __init__(self, state: ImageState, bench: Workbench, pace: CheckpointPace) -> None:
        self._state, self._bench, self._pace = state, bench, pace
        self._loop = asyncio.get_running_loop()
        self._count = 0
        self._newest: dict[int, Snapshot] = {}
        self._due = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._write_on())
        return self

    async def __aexit__(self, *_exception: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def finished(self) -> Mapping[int, FinishedImage]:
        """Pictures that are done."""
        return self._state.finished

    def checkpoints(self, count: int) -> dict[int, Checkpoints]:
        """Of the pictures that are still to be drawn, out of `count`."""
        self._count = count
        return {index: self._of(index) for index in range(count) if index not in self._state.finished}

    def done(self, image: FinishedImage) -> None:
        """A picture is done: it is not drawn again for the others' sake. After the last nothing is left to do."""
        self._newest.pop(image.index, None)
        begun = {index: begun for index, begun in self._state.begun.items() if index != image.index}
        self._state = replace(self._state, finished={**self._state.finished, image.index: image}, begun=begun)
        if len(self._state.finished) < self._count:
            self._due.set()

    async def flush(self) -> None:
        """Keep what is newest, if it is not kept.

        Raises:
            LeaseLost: The job is no longer ours.
        """
        async with self._writing:
            if not self._due.is_set():
                return
            self._due.clear()
            newest, self._newest = self._newest, {}
            written = {index: await asyncio.to_thread(_begun, snapshot) for index, snapshot in newest.items()}
            kept = {index: begun for index, begun in written.items() if index not in self._state.finished}
            self._state = replace(self._state, begun={**self._state.begun, **kept})
            await self._bench.checkpoint(self._state.to_bytes(), self._state.step)

    def _of(self, index: int) -> Checkpoints:
        begun = self._state.begun.get(index)
        return Checkpoints(
            keep=partial(self._keep, index),
            every_steps=self._pace.every_steps,
            every_s=self._pace.every_s,
            resume=None if begun is None else begun.data,
        )

    def _keep(self, index: int, snapshot: Snapshot) -> None:
        self._loop.call_soon_threadsafe(self._put, index, snapshot)

    def _put(self, index: int, snapshot: Snapshot) -> None:
        if index not in self._state.finished:
            self._newest[index] = snapshot
            self._due.set()

    async def _write_on(self) -> None:
        try:
            while True:
                await self._due.wait()
                await self.flush()
        except LeaseLost:
            return  # The heart hears of it too, and ends the attempt.


def _begun(snapshot: Snapshot) -> Begun:
    return Begun(snapshot.step, snapshot.write())

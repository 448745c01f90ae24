"""Between a device's thread and an event loop: what happened to the pictures of one request, until somebody reads it.

The device never waits. What nobody has read yet is overwritten by what is newer: of each picture there is at most one
step and one preview. How a picture ended is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from ekiben.inference.image_generation import Drawing, Drawn, Listener, Pixels


@dataclass(frozen=True, slots=True)
class Stepped:
    """Picture `index` has come to this step."""

    index: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True, eq=False)
class Previewed:
    """A preview of picture `index`; `number` counts those that were made, read or not, from 0."""

    index: int
    number: int
    step: int
    steps: int
    pixels: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """Picture `index` is there, or is not."""

    index: int
    drawing: Drawing

    @property
    def is_drawn(self) -> bool:
        """Whether it is there."""
        future = self.drawing.future
        return not future.cancelled() and future.exception(timeout=0) is None

    def drawn(self) -> Drawn:
        """The picture.

        Raises:
            EkibenError: It failed.
            CancelledError: It was cancelled.
        """
        return self.drawing.future.result(timeout=0)


News: TypeAlias = Stepped | Previewed | Ended


class ImageMailbox:
    """Of one request; read on the event loop that it was made on.

    Args:
        skipped: Called, on any thread, for every preview that nobody read in time.
    """

    def __init__(self, skipped: Callable[[], None]) -> None:
        self._skipped = skipped
        self._loop = asyncio.get_running_loop()
        self._filled = asyncio.Event()
        self._lock = threading.Lock()
        self._is_woken = False
        self._steps: dict[int, Stepped] = {}
        self._previews: dict[int, Previewed] = {}
        self._made: dict[int, int] = {}
        self._ended: list[Ended] = []

    def listener(self, index: int) -> Listener:
        """What picture `index` tells of its progress."""
        return partial(self._progressed, index)

    def watch(self, index: int, drawing: Drawing) -> None:
        """Be told how picture `index` ends."""
        drawing.future.add_done_callback(lambda _: self._put_end(Ended(index, drawing)))

    async def news(self) -> list[News]:
        """Wait for something to happen; steps come first, ends last."""
        await self._filled.wait()
        with self._lock:
            self._filled.clear()
            self._is_woken = False
            found: list[News] = [*self._steps.values(), *self._previews.values(), *self._ended]
            self._steps.clear()
            self._previews.clear()
            self._ended.clear()
        return found

    def _progressed(self, index: int, step: int, steps: int, preview: Pixels | None) -> None:
        with self._lock:
            self._steps[index] = Stepped(index, step, steps)
            if preview is not None:
                number = self._made.get(index, 0)
                self._made[index] = number + 1
                if index in self._previews:
                    self._skipped()
                self._previews[index] = Previewed(index, number, step, steps, preview)
            self._wake()

    def _put_end(self, end: Ended) -> None:
        with self._lock:
            self._ended.append(end)
            self._wake()

    def _wake(self) -> None:
        """Once for all that comes before the loop looks; a loop that is closed has no readers."""
        if not self._is_woken:
            self._is_woken = True
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._filled.set)

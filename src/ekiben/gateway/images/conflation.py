"""Between a worker that goes on and a reader that may be slow: of what is not read yet, the newest replaces the older.

The worker is read at its own pace, so that nobody else waits for a slow reader. For each picture at most one step and
one preview wait, and whatever cannot be made up for later (the picture itself, the end) is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeAlias

from ekiben.inference.image_generation import FinishedImage, ImageEvent, Preview, Step


@dataclass(frozen=True, slots=True)
class Begun:
    """A worker has taken the request: nothing is refused any more."""


Event: TypeAlias = Begun | ImageEvent

_ALL: Final = -1


class _Waiting:
    """What has not been read yet, in the order in which it came."""

    def __init__(self) -> None:
        self._events: dict[tuple[type[object], int], Event] = {}
        self._filled = asyncio.Event()
        self._is_over = False
        self._error: Exception | None = None

    def put(self, event: Event) -> None:
        """Take an event; one of the same kind and picture is replaced."""
        index = getattr(event, "index", _ALL)
        superseded = (Step, Preview) if isinstance(event, FinishedImage) else (type(event),)
        for kind in superseded:
            self._events.pop((kind, index), None)
        self._events[type(event), index] = event
        self._filled.set()

    def end(self, error: Exception | None = None) -> None:
        """Nothing more comes; an error is raised to the reader at once, whatever waits."""
        self._is_over, self._error = True, error
        self._filled.set()

    async def read(self) -> AsyncIterator[Event]:
        """Every event that is left for the reader.

        Raises:
            Exception: What the events ended with.
        """
        while True:
            await self._filled.wait()
            if self._error is not None:
                raise self._error
            if self._events:
                yield self._events.pop(next(iter(self._events)))
            elif self._is_over:
                return
            else:
                self._filled.clear()


@asynccontextmanager
async def conflated(events: AsyncGenerator[Event, None]) -> AsyncIterator[AsyncIterator[Event]]:
    """Read events in a task of their own; within the block, which ends it, the newest can be read."""
    waiting = _Waiting()
    task = asyncio.create_task(_fill(waiting, events))
    try:
        yield waiting.read()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _fill(waiting: _Waiting, events: AsyncGenerator[Event, None]) -> None:
    try:
        async with aclosing(events):
            async for event in events:
                waiting.put(event)
                # A reader who waits gets it before the next one, which may have come in the same piece, replaces it.
                await asyncio.sleep(0)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the reader's
        waiting.end(error)
    else:
        waiting.end()

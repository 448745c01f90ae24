"""Bringing outcomes from the device's thread to callers on event loops, one hop for each device call."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

    from ekiben.batching.request import Request


class Reply:
    """A future on an event loop, to be completed from another thread, and the timer that may come first."""

    __slots__ = ("future", "loop", "timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.future: asyncio.Future[None] = loop.create_future()
        self.timer: asyncio.TimerHandle | None = None

    def cancel_timer(self) -> None:
        """Nobody needs the timer any more."""
        if self.timer:
            self.timer.cancel()


def deliver(requests: Iterable[Request]) -> None:
    """Complete the replies of requests that have ended; from any thread.

    A loop that is closed has no callers left to tell, so what is meant for it is dropped.
    """
    by_loop: dict[asyncio.AbstractEventLoop, list[Request]] = {}
    for request in requests:
        by_loop.setdefault(request.reply.loop, []).append(request)
    for loop, ended in by_loop.items():
        post(loop, partial(_complete, ended))


def post(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    """Run a callback on a loop, unless it is closed."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(callback)


def _complete(requests: Iterable[Request]) -> None:
    for request in requests:
        future = request.reply.future
        if future.done():
            continue  # the caller was cancelled in the meantime
        if request.error is None:
            future.set_result(None)
        else:
            future.set_exception(request.error)

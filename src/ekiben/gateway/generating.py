"""A request at one worker after another, until one has made the first part of an answer that is passed on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Generic

from ekiben.errors import QueueFull, ShuttingDown, WorkerLost
from ekiben.gateway.attempts import Attempts
from ekiben.gateway.road import Part
from ekiben.gateway.worker_client import WorkerClient


class Generating(Generic[Part]):
    """One answer being made; what it has opened is closed with `stack`.

    Args:
        attempts: The workers to ask.
        ask: Sends the request to one of them, which has so many seconds left.
        is_kept: Whether a part is passed on, so that no other worker may begin anew after it.
        stack: Holds the connection.
    """

    def __init__(
        self,
        attempts: Attempts,
        ask: Callable[[WorkerClient, float], AbstractAsyncContextManager[AsyncIterator[Part]]],
        is_kept: Callable[[Part], bool],
        stack: AsyncExitStack,
    ) -> None:
        self._attempts, self._ask, self._is_kept, self._stack = attempts, ask, is_kept, stack

    async def parts(self) -> AsyncIterator[Part]:
        """Wait for a worker to accept; returns the parts, for which the next worker is asked if none was kept yet.

        Raises:
            EkibenError: Nobody accepts; here, or, after a worker was lost, from the iterator.
        """
        return self._read(*await self._open())

    async def _read(self, worker: WorkerClient, parts: AsyncIterator[Part]) -> AsyncIterator[Part]:
        begun = False
        while True:
            try:
                async for part in parts:
                    begun = begun or self._is_kept(part)
                    yield part
            except WorkerLost as error:
                if begun:
                    raise
                self._attempts.failed(worker, error)
                await self._stack.aclose()
                worker, parts = await self._open()
            else:
                return

    async def _open(self) -> tuple[WorkerClient, AsyncIterator[Part]]:
        while (worker := await self._attempts.next()) is not None:
            try:
                return worker, await self._stack.enter_async_context(self._ask(worker, self._attempts.left_s))
            except (QueueFull, WorkerLost, ShuttingDown) as error:
                self._attempts.failed(worker, error)
        raise self._attempts.error

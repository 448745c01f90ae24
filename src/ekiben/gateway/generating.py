"""A request for text at one worker after another, until one has written the first line of an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack

from ekiben.errors import QueueFull, WorkerLost
from ekiben.gateway.attempts import Attempts
from ekiben.gateway.worker_client import WorkerClient
from ekiben.inference import protocol


class Generating:
    """One answer being written; what it has opened is closed with `stack`.

    Args:
        attempts: The workers to ask.
        body: The request, as `ekiben.inference.generation_lines` has it.
        headers: To send with it, besides the time left.
        deadline: On the event loop's clock.
        stack: Holds the connection.
    """

    def __init__(
        self, attempts: Attempts, body: bytes, headers: Mapping[str, str], deadline: float, stack: AsyncExitStack
    ) -> None:
        self._attempts, self._body, self._headers = attempts, body, headers
        self._deadline, self._stack = deadline, stack

    async def lines(self) -> AsyncIterator[bytes]:
        """Wait for a worker to accept; returns the lines, for which the next worker is asked if none has come yet.

        Raises:
            EkibenError: Nobody accepts; here, or, after a worker was lost, from the iterator.
        """
        return self._read(*await self._open())

    async def _read(self, worker: WorkerClient, lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        begun = False
        while True:
            try:
                async for line in lines:
                    begun = True
                    yield line
            except WorkerLost as error:
                if begun:
                    raise
                self._attempts.failed(worker, error)
                await self._stack.aclose()
                worker, lines = await self._open()
            else:
                return

    async def _open(self) -> tuple[WorkerClient, AsyncIterator[bytes]]:
        for worker in self._attempts:
            left_s = max(0.0, self._deadline - asyncio.get_running_loop().time())
            sent = {**self._headers, protocol.TIMEOUT_MS: str(int(left_s * 1_000))}
            try:
                return worker, await self._stack.enter_async_context(worker.generate(self._body, sent, left_s))
            except (QueueFull, WorkerLost) as error:
                self._attempts.failed(worker, error)
        raise self._attempts.error

"""One address for whichever server is the primary now, as managed services have it."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Self


class MovingEndpoint:
    """A socket whose new connections go to `target`; those that are there stay where they are.

    Args:
        path: Where it listens.
        target: A server's socket.
    """

    def __init__(self, path: Path, target: Path) -> None:
        self.target, self._path = target, path
        self._lines: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """For clients."""
        return f"unix://{self._path}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._connect, self._path)
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self._server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        their_reader, their_writer = await asyncio.open_unix_connection(self.target)
        for line in (_pass_on(reader, their_writer), _pass_on(their_reader, writer)):
            task = asyncio.create_task(line)
            self._lines.add(task)
            task.add_done_callback(self._lines.discard)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()

"""A wire between a worker and Valkey that can be cut or slowed."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

_PIECE_BYTES = 64 * 1024


class Proxy:
    """Listens on one Unix socket and passes everything on to another.

    Attributes:
        delay_s: Added to every piece, each way.
    """

    def __init__(self, socket: Path, target: Path) -> None:
        self._socket, self._target = socket, target
        self._open = asyncio.Event()
        self._open.set()
        self._server: asyncio.Server | None = None
        self._wires: set[asyncio.Task[None]] = set()
        self.delay_s = 0.0

    @property
    def url(self) -> str:
        """For clients."""
        return f"unix://{self._socket}"

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_unix_server(self._connected, self._socket)

    async def close(self) -> None:
        """Cut, and listen no more."""
        self.cut()
        if self._server is not None:
            self._server.close()

    def cut(self) -> None:
        """Nothing gets through, neither way, and nobody is told: as when a cable is pulled."""
        self._open.clear()

    def mend(self) -> None:
        """What was held back is lost with its connections; new ones work."""
        for wire in self._wires:
            wire.cancel()
        self._open.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = asyncio.current_task()
        assert wire is not None
        self._wires.add(wire)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._open.wait()
            there, back = await asyncio.open_unix_connection(self._target)
            try:
                async with asyncio.TaskGroup() as group:
                    ends = [group.create_task(self._pass(reader, back)), group.create_task(self._pass(there, writer))]
                    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                    for end in ends:
                        end.cancel()
            finally:
                back.close()
        self._wires.discard(wire)
        writer.close()

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(_PIECE_BYTES):
                await asyncio.sleep(self.delay_s)
                await self._open.wait()
                target.write(piece)
                await target.drain()

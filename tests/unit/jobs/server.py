"""A Valkey server for tests that do not have its life as their subject."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from ekiben.jobs import EmbeddedValkey


@contextmanager
def running_valkey(folder: Path) -> Iterator[EmbeddedValkey]:
    """One of our own, in a loop of its own: tests have a loop each."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = EmbeddedValkey(folder / "state", folder / "v.sock")
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(30)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@asynccontextmanager
async def stopped_watching(server: EmbeddedValkey) -> AsyncIterator[None]:
    """Whoever kills the server within the block has killed it for good; its folder is free after that."""
    assert server._watching is not None
    assert server._process is not None
    server._watching.cancel()
    yield
    await server._process.wait()
    server._disown()

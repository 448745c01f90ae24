"""The client of the server that owns a queue, alone or in a cluster.

All keys of a queue share a hash tag and so lie on one node. A plain client of that node is enough; where the node is
another by now, it says so, and the client goes there.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from valkey.asyncio import Valkey
from valkey.asyncio.connection import AbstractConnection
from valkey.exceptions import (
    ConnectionError,  # noqa: A004  # the library's name
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TimeoutError,  # noqa: A004
    ValkeyError,
)

from ekiben.errors import QueueUnavailable

MAX_BLOCK_S: Final = 5.0
"""Longest a command may wait at the server; a connection that is silent for longer than that is broken."""

_CONNECT_TIMEOUT_S: Final = 3.0
_WAITS_S: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Between attempts: a server that is started again by its supervisor is back within these."""

_MAX_MOVES: Final = 5
_MOST_RETIRED: Final = 8
# The client has classes of its own for some replies, and takes the code off their text; the others keep it.
_PASSING = (ConnectionError, TimeoutError, ReadOnlyError, OSError)
_PASSING_CODES: Final = frozenset(("ASK", "BUSY", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "UNBLOCKED"))
"""Replies of a server that does not know yet, or no longer, whose the keys are; or of one whose script takes long."""
_UNABLE = (NoPermissionError, OutOfMemoryError)
_UNABLE_CODES: Final = frozenset(("MISCONF", "MOVED", "NOREPLICAS"))
"""Replies of a server that can do nothing for us now: no disk, no replicas, nodes that do not agree."""

T = TypeVar("T")


class Connection:
    """Runs commands against the right node, again where that is safe.

    Args:
        url: `valkey://host:port`, `valkeys://` with TLS, or `unix:///path`; of any node of a cluster.
    """

    def __init__(self, url: str) -> None:
        self._url, self._opened = url, 0
        self._client = self._open()
        self._followed = False
        self._retired: list[Valkey] = []

    @property
    def opened(self) -> int:
        """How many connections there have been: while it stays the same, nobody else can have answered."""
        return self._opened

    async def run(self, command: Callable[[Valkey], Awaitable[T]], *, again: bool = True) -> T:
        """Run a command.

        Args:
            command: What to do with the client; may run several times.
            again: Whether a lost connection is followed by another attempt; only for what may happen twice.

        Raises:
            QueueUnavailable: The server cannot be reached, or cannot do it now.
        """
        waits, moves = list(_WAITS_S if again else ()), 0
        while True:
            try:
                return await _cancellable(command(self._client))
            except (ValkeyError, OSError) as error:
                if (owner := _owner(error)) and moves < _MAX_MOVES:
                    moves += 1
                    await self._follow(*owner)
                elif _passes(error):
                    await self._leave(error)
                    if not waits:
                        raise QueueUnavailable(f"the Valkey server does not answer: {error}") from error
                    await asyncio.sleep(waits.pop(0))
                elif _is_unable(error):
                    raise QueueUnavailable(f"the Valkey server fails: {error}") from error
                else:
                    raise  # A fault of ours, or one that the caller knows what to do with.

    async def close(self) -> None:
        """Close every connection."""
        for client in [*self._retired, self._client]:
            await client.aclose()

    async def _greet(self, connection: AbstractConnection) -> None:
        self._opened += 1
        await connection.on_connect()

    async def _leave(self, error: Exception) -> None:
        """Ask the address again where the node that failed us was another's word, or is no primary any more."""
        if self._followed:
            await self._follow(None, None)
        elif isinstance(error, ReadOnlyError):
            # Connections outlive a demotion; whatever the address leads to now, only new ones get there.
            with contextlib.suppress(ValkeyError, OSError):
                await self._client.connection_pool.disconnect(inuse_connections=False)

    async def _follow(self, host: str | None, port: int | None) -> None:
        """Talk to another node of the cluster, or again to the one that the URL names."""
        self._retired.append(self._client)  # Others may still be waiting on its connections.
        self._client, self._followed = self._open(host, port), host is not None
        if len(self._retired) > _MOST_RETIRED:
            await self._retired.pop(0).aclose()

    def _open(self, host: str | None = None, port: int | None = None) -> Valkey:
        client: Valkey = Valkey.from_url(
            self._url,
            decode_responses=True,
            socket_timeout=2 * MAX_BLOCK_S,
            socket_connect_timeout=_CONNECT_TIMEOUT_S,
            valkey_connect_func=self._greet,
        )
        if host:
            client.connection_pool.connection_kwargs.update(host=host, port=port)
        return client


def _passes(error: Exception) -> bool:
    return isinstance(error, _PASSING) or _code(error) in _PASSING_CODES


def _is_unable(error: Exception) -> bool:
    return not isinstance(error, ResponseError) or isinstance(error, _UNABLE) or _code(error) in _UNABLE_CODES


def _code(error: Exception) -> str:
    return str(error).partition(" ")[0]


def _owner(error: Exception) -> tuple[str, int] | None:
    """The node that a `MOVED slot host:port` names; the plain client has no class for it."""
    words = str(error).split()
    if len(words) != 3 or words[0] != "MOVED":
        return None
    host, _, port = words[2].rpartition(":")
    return host, int(port)


async def _cancellable(command: Awaitable[T]) -> T:
    """Await a command and hear of a cancellation that the client has swallowed.

    It writes under `asyncio.wait_for`, which before Python 3.12 returns its result even when it was cancelled
    meanwhile; whoever waits for the cancelled task would wait for ever.
    """
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  # there is one in every coroutine
    before = task.cancelling()
    try:
        return await command
    finally:
        if task.cancelling() > before:
            raise asyncio.CancelledError

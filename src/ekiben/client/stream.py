"""Text as it is written: iterate over the chunks, leave early by closing."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Self

import httpx

from ekiben.client import failures
from ekiben.client.errors import ConnectionFailed
from ekiben.client.generation import chunk_of
from ekiben.client.reading import readable
from ekiben.client.sse import EventDecoder
from ekiben.errors import from_payload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from ekiben.client.call import Opened
    from ekiben.client.generation_results import TextChunk
    from ekiben.client.pace import Pace

_DONE = "[DONE]"


class Chunks:
    """What a stream's bytes say, without the connection they come from."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._decoder = EventDecoder()
        self.done = False

    def feed(self, piece: bytes) -> list[TextChunk]:
        """The chunks that `piece` completes.

        Raises:
            EkibenError: The server reports one under way.
            UnexpectedResponse: An event that is not one of ours.
        """
        found = []
        for data in self._decoder.feed(piece):
            if data == _DONE:
                self.done = True
                break
            with readable(self._opened):
                payload = json.loads(data)
            if "error" in payload:
                raise from_payload(500, payload, request_id=self._opened.request_id)
            with readable(self._opened):
                found.append(chunk_of(payload))
        return found

    def check_end(self) -> None:
        """Make sure that the answer was whole.

        Raises:
            ConnectionFailed: It broke off.
        """
        if not self.done:
            raise ConnectionFailed(
                "the connection broke in the middle of the answer", request_id=self._opened.request_id
            )


class Stream:
    """An answer as it comes. Leaving it early, by `close` or the end of a `with`, stops the writing on the server.

    Attributes:
        request_id: Finds the request in the server's log.
    """

    def __init__(self, opened: Opened, pace: Pace) -> None:
        self.request_id = opened.request_id
        self._opened, self._pace = opened, pace
        self._chunks = self._read()

    def __iter__(self) -> Iterator[TextChunk]:
        return self

    def __next__(self) -> TextChunk:
        """The next chunk.

        Raises:
            EkibenError: The answer could not be finished, or not in time.
        """
        return next(self._chunks)

    def _read(self) -> Iterator[TextChunk]:
        chunks, send = Chunks(self._opened), self._opened.send
        try:
            for piece in self._opened.response.iter_bytes():
                yield from chunks.feed(piece)
                if chunks.done:
                    return
                if self._pace.monotonic() > self._opened.deadline:
                    raise failures.timed_out(send)
        except httpx.HTTPError as error:
            raise failures.from_transport(error, send) from None
        finally:
            self.close()
        chunks.check_end()

    def close(self) -> None:
        """Close the connection."""
        self._opened.response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncStream:
    """As `Stream`, to be iterated with `async for`.

    Attributes:
        request_id: Finds the request in the server's log.
    """

    def __init__(self, opened: Opened, pace: Pace) -> None:
        self.request_id = opened.request_id
        self._opened, self._pace = opened, pace
        self._chunks = self._read()

    def __aiter__(self) -> AsyncIterator[TextChunk]:
        return self

    async def __anext__(self) -> TextChunk:
        """The next chunk.

        Raises:
            EkibenError: The answer could not be finished, or not in time.
        """
        try:
            async with asyncio.timeout(self._opened.deadline - self._pace.monotonic()):
                return await anext(self._chunks)
        except TimeoutError:
            await self.close()
            raise failures.timed_out(self._opened.send) from None

    async def _read(self) -> AsyncIterator[TextChunk]:
        chunks, send = Chunks(self._opened), self._opened.send
        try:
            async for piece in self._opened.response.aiter_bytes():
                for chunk in chunks.feed(piece):
                    yield chunk
                if chunks.done:
                    return
        except httpx.HTTPError as error:
            raise failures.from_transport(error, send) from None
        finally:
            await self.close()
        chunks.check_end()

    async def close(self) -> None:
        """Close the connection."""
        await self._opened.response.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

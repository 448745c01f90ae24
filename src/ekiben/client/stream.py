"""An answer as it is made: iterate over what comes, leave early by closing."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Generic, Self

import httpx

from ekiben.client import failures
from ekiben.client.call import T
from ekiben.client.errors import ConnectionFailed
from ekiben.client.reading import readable
from ekiben.client.sse import EventDecoder
from ekiben.errors import from_payload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from ekiben.client.call import Opened
    from ekiben.client.pace import Pace

_DONE = "[DONE]"


class Events(Generic[T]):
    """What a stream's bytes say, without the connection they come from.

    Args:
        opened: Where they come from, for errors.
        read: Makes the data of one event into what the caller gets.
        is_last: Whether nothing comes after it; `[DONE]` ends a stream in any case.
    """

    def __init__(self, opened: Opened, read: Callable[[Any], T], is_last: Callable[[T], bool]) -> None:
        self._opened, self._read, self._is_last = opened, read, is_last
        self._decoder = EventDecoder()
        self.done = False

    def feed(self, piece: bytes) -> list[T]:
        """What the events hold that `piece` completes.

        Raises:
            EkibenError: The server reports one under way.
            UnexpectedResponse: An event that is not one of ours.
        """
        found: list[T] = []
        for data in self._decoder.feed(piece):
            if data == _DONE:
                self.done = True
            if self.done:
                break
            with readable(self._opened):
                payload = json.loads(data)
            if "error" in payload:
                raise from_payload(500, payload, request_id=self._opened.request_id)
            with readable(self._opened):
                found.append(self._read(payload))
            self.done = self._is_last(found[-1])
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


class Stream(Generic[T]):
    """An answer as it comes. Leaving it early, by `close` or the end of a `with`, stops the writing on the server.

    Attributes:
        request_id: Finds the request in the server's log.
    """

    def __init__(
        self, opened: Opened, pace: Pace, read: Callable[[Any], T], is_last: Callable[[T], bool] = lambda _: False
    ) -> None:
        self.request_id = opened.request_id
        self._opened, self._pace = opened, pace
        self._events = Events(opened, read, is_last)
        self._found = self._read()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        """What comes next.

        Raises:
            EkibenError: The answer could not be finished, or not in time.
        """
        return next(self._found)

    def _read(self) -> Iterator[T]:
        events, send = self._events, self._opened.send
        try:
            for piece in self._opened.response.iter_bytes():
                yield from events.feed(piece)
                if events.done:
                    return
                if self._pace.monotonic() > self._opened.deadline:
                    raise failures.timed_out(send)
        except httpx.HTTPError as error:
            raise failures.from_transport(error, send) from None
        finally:
            self.close()
        events.check_end()

    def close(self) -> None:
        """Close the connection."""
        self._opened.response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncStream(Generic[T]):
    """As `Stream`, to be iterated with `async for`.

    Attributes:
        request_id: Finds the request in the server's log.
    """

    def __init__(
        self, opened: Opened, pace: Pace, read: Callable[[Any], T], is_last: Callable[[T], bool] = lambda _: False
    ) -> None:
        self.request_id = opened.request_id
        self._opened, self._pace = opened, pace
        self._events = Events(opened, read, is_last)
        self._found = self._read()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        """What comes next.

        Raises:
            EkibenError: The answer could not be finished, or not in time.
        """
        try:
            async with asyncio.timeout(self._opened.deadline - self._pace.monotonic()):
                return await anext(self._found)
        except TimeoutError:
            await self.close()
            raise failures.timed_out(self._opened.send) from None

    async def _read(self) -> AsyncIterator[T]:
        events, send = self._events, self._opened.send
        try:
            async for piece in self._opened.response.aiter_bytes():
                for each in events.feed(piece):
                    yield each
                if events.done:
                    return
        except httpx.HTTPError as error:
            raise failures.from_transport(error, send) from None
        finally:
            await self.close()
        events.check_end()

    async def close(self) -> None:
        """Close the connection."""
        await self._opened.response.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

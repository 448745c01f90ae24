"""Talking to a model server that speaks OpenAI's API, at a URL or a Unix socket."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import aiohttp
import orjson

from ekiben.client.pace import Pace
from ekiben.client.retry import retry_after_s
from ekiben.errors import Unavailable
from ekiben.inference.generation import Event
from ekiben.inference.lines import lines_of
from ekiben.runtimes.openai_failures import error_in, error_of
from ekiben.runtimes.openai_payload import ChunkReader
from ekiben.runtimes.openai_retry import Passing, again

_CONNECT_TIMEOUT_S: Final = 5.0
# What a server that is busy or restarting answers, or the proxy before it.
_PASSING: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE})
_DATA: Final = b"data:"
_DONE: Final = b"[DONE]"


class ModelServer:
    """Another server that computes a model; used on one event loop.

    Args:
        url: Where its API begins.
        socket: Connect to this Unix socket instead of the URL's host.
        key: Sent as a bearer token.
        pace: Its clock, chance and sleep between attempts; a test has its own.
    """

    def __init__(
        self, url: str, *, socket: Path | None = None, key: str | None = None, pace: Pace | None = None
    ) -> None:
        self._pace = pace or Pace()
        self._url, self._socket = url.rstrip("/"), socket
        self._headers = {"authorization": f"Bearer {key}"} if key else {}
        self._made: aiohttp.ClientSession | None = None

    @property
    def _session(self) -> aiohttp.ClientSession:
        """Made on first use, because it belongs to the running event loop."""
        if self._made is None:
            connector = aiohttp.UnixConnector(str(self._socket), limit=0) if self._socket else None
            self._made = aiohttp.ClientSession(
                connector=connector or aiohttp.TCPConnector(limit=0),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, connect=_CONNECT_TIMEOUT_S),
                json_serialize=lambda content: orjson.dumps(content).decode(),
            )
        return self._made

    async def post(self, path: str, body: Mapping[str, Any]) -> aiohttp.ClientResponse:
        """Send a request, again where that may help; returns the response once its head is there.

        The caller's deadline cancels it, waits included.

        Raises:
            EkibenError: The server refuses it.
            Unavailable: The server cannot be reached.
        """

        async def attempt() -> aiohttp.ClientResponse:
            try:
                response = await self._session.post(f"{self._url}/{path}", json=body, allow_redirects=False)
            except (aiohttp.ClientConnectionError, OSError) as error:
                raise Passing(_unreachable(), None) from error
            return await _accepted(response)

        return await again(attempt, self._pace)

    async def ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and read its whole answer.

        Raises:
            EkibenError: As `post`.
        """
        response = await self.post(path, body)
        try:
            answer: dict[str, Any] = orjson.loads(await response.read())
        except (aiohttp.ClientError, OSError, orjson.JSONDecodeError) as error:
            raise _unreachable() from error
        finally:
            response.close()
        return answer

    async def is_healthy(self, url: str, timeout_s: float) -> bool:
        """Whether a GET of the address is answered with 200."""
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._session.get(url, timeout=timeout, allow_redirects=False) as response:
                return response.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        """Close every connection, whatever is under way."""
        if self._made is not None:
            await self._made.close()
            self._made = None


class ServerStream:
    """An answer of a model server, as `ekiben.inference.generation.TextStream` has it.

    Args:
        server: Who computes it.
        path: Of the request, from the API's root on.
        body: Of the request.
        top_logprobs: As the request has it.
    """

    def __init__(self, server: ModelServer, path: str, body: Mapping[str, Any], *, top_logprobs: int | None) -> None:
        self._server, self._path, self._body = server, path, body
        self._reader = ChunkReader(top_logprobs=top_logprobs)
        self._response: aiohttp.ClientResponse | None = None

    async def begin(self) -> aiohttp.ClientResponse:
        """Send the request, if that has not been done.

        Raises:
            EkibenError: The server refuses it or is not there.
        """
        if self._response is None:
            self._response = await self._server.post(self._path, self._body)
        return self._response

    async def __aiter__(self) -> AsyncIterator[Event]:
        """See `TextStream`."""
        response = await self.begin()
        try:
            async for chunk in _chunks(response):
                if error := error_in(chunk):
                    raise error
                for piece in self._reader.read(chunk):
                    yield piece
        except (aiohttp.ClientError, OSError, orjson.JSONDecodeError) as error:
            raise Unavailable("the model's server broke off in the middle of the answer.", retry_after_s=1) from error
        yield self._reader.finish()

    async def aclose(self) -> None:
        """See `TextStream`: a closed connection is how such servers are told to stop."""
        if self._response is not None:
            self._response.close()


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[Mapping[str, Any]]:
    """The objects of a stream of server-sent events, each of which these servers write on one line."""
    async for line in lines_of(response.content.iter_any()):
        if line.startswith(_DATA):
            data = line[len(_DATA) :].strip()
            if data == _DONE:
                return
            yield orjson.loads(data)


async def _accepted(response: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
    if response.status == 200:
        return response
    try:
        content = await response.read()
    except (aiohttp.ClientError, OSError):
        content = b""
    finally:
        response.close()
    error = error_of(response.status, content, response.headers.get("retry-after"))
    if response.status in _PASSING:
        raise Passing(error, retry_after_s(response.headers, time.time()))
    raise error


def _unreachable() -> Unavailable:
    return Unavailable("the model's server does not answer.", retry_after_s=1)

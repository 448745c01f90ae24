"""A model server that behaves badly, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ekiben.client.pace import Pace
from ekiben.errors import Overloaded, Unavailable
from ekiben.inference.generation import Event, Finish, Piece
from ekiben.runtimes.openai_server import ModelServer, ServerStream

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
PIECE = b'data: {"choices":[{"text":"a","finish_reason":null}]}\n\n'
LAST = b'data: {"choices":[{"text":"","finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n'
DONE = b"data: [DONE]\n\n"


class BadServer:
    """Answers connection after connection from a script; an empty answer hangs up."""

    def __init__(self) -> None:
        self.script: list[bytes] = []
        self.requests: list[bytes] = []
        self.waits: list[float] = []

    async def sleep(self, wait_s: float) -> None:
        self.waits.append(wait_s)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.script.pop(0))
        await writer.drain()
        writer.close()


Connect = Callable[..., ServerStream]


@pytest.fixture
async def bad(tmp_path: Path) -> AsyncIterator[tuple[BadServer, Connect]]:
    serving = BadServer()
    listening = await asyncio.start_unix_server(serving.serve, tmp_path / "s")
    made: list[ModelServer] = []

    def connect(key: str | None = None) -> ServerStream:
        pace = Pace(random=lambda: 1.0, sleep_async=serving.sleep)
        made.append(ModelServer("http://model/v1/", socket=tmp_path / "s", key=key, pace=pace))
        return ServerStream(made[-1], "completions", {"prompt": "x"}, top_logprobs=None)

    yield serving, connect
    for server in made:
        await server.close()
    listening.close()


async def read(stream: ServerStream) -> list[Event]:
    return [event async for event in stream]


async def test_an_answer(bad: tuple[BadServer, Connect]) -> None:
    serving, connect = bad
    serving.script = [HEAD + b": a comment\n\n" + PIECE + LAST + DONE]
    assert await read(connect("secret")) == [Piece("a"), Finish("stop", 1, 1)]
    assert serving.requests[0].startswith(b"POST /v1/completions HTTP/1.1")
    assert b"Bearer secret" in serving.requests[0]


async def test_a_server_that_hangs_up_is_asked_again_before_the_first_byte(bad: tuple[BadServer, Connect]) -> None:
    serving, connect = bad
    serving.script = [b"", b"", HEAD + PIECE + LAST + DONE]
    assert len(await read(connect())) == 2
    serving.script = [b"", b"", b"", b"", HEAD]
    with pytest.raises(Unavailable, match="does not answer"):
        await read(connect())
    assert len(serving.requests) == 7


@pytest.mark.parametrize("status", [b"429 Too Many", b"502 Bad Gateway", b"503 Unavailable"])
async def test_a_busy_server_is_asked_again_when_it_says(bad: tuple[BadServer, Connect], status: bytes) -> None:
    serving, connect = bad
    busy = b"HTTP/1.1 " + status + b"\r\nretry-after: 2\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    serving.script = [busy, busy, HEAD + PIECE + LAST + DONE]
    assert len(await read(connect())) == 2
    assert serving.waits == pytest.approx([2.1, 2.2])


async def test_an_answer_that_breaks_off_is_not_asked_for_again(bad: tuple[BadServer, Connect]) -> None:
    serving, connect = bad
    serving.script = [HEAD + PIECE]
    events = aiter(connect())
    assert await anext(events) == Piece("a")
    with pytest.raises(Unavailable, match="broke off"):
        await anext(events)
    assert len(serving.requests) == 1


async def test_nonsense_is_a_server_that_broke_off(bad: tuple[BadServer, Connect]) -> None:
    serving, connect = bad
    serving.script = [HEAD + b"data: {nonsense\n\n"]
    with pytest.raises(Unavailable, match="broke off"):
        await read(connect())


async def test_a_server_that_asks_for_a_long_wait_is_not_asked_again(bad: tuple[BadServer, Connect]) -> None:
    serving, connect = bad
    serving.script = [b"HTTP/1.1 429 Too Many\r\nretry-after: 40\r\ncontent-length: 0\r\n\r\n"]
    with pytest.raises(Overloaded) as refused:
        await read(connect())
    assert refused.value.retry_after_s == 40


async def test_a_refusal_is_not_tried_again(bad: tuple[BadServer, Connect]) -> None:
    serving, connect = bad
    serving.script = [b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n"]
    with pytest.raises(Unavailable):
        await read(connect())
    assert (len(serving.requests), serving.waits) == (1, [])


async def test_a_stream_that_never_began_can_be_closed(bad: tuple[BadServer, Connect]) -> None:
    serving, connect = bad
    await connect().aclose()
    assert serving.requests == []


async def test_nobody_there(tmp_path: Path) -> None:
    server = ModelServer("http://model", socket=tmp_path / "none")
    with pytest.raises(Unavailable, match="does not answer"):
        await server.post("completions", {})
    assert not await server.is_healthy("http://model/health", 1.0)
    await server.close()

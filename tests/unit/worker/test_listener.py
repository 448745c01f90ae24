"""The internal server's socket: private, and bounded where nobody is known yet."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from ekiben.errors import ConfigurationError
from ekiben.worker import http_protocol
from ekiben.worker.listener import Listener, bind_path, make_private

GET = b"GET / HTTP/1.1\r\nhost: here\r\n"


@pytest.fixture
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """Of a server that says ok."""
    path = tmp_path_factory.mktemp("r") / "toy.1.sock"
    listener = Listener(_ok, path)
    await listener.start()
    yield path
    await listener.close()


async def _ok(scope: Scope, receive: Receive, send: Send) -> None:
    await Request(scope, receive).body()
    await PlainTextResponse("ok")(scope, receive, send)


async def _talk(address: Path, *pieces: bytes) -> bytes:
    """Send piece by piece; returns all that comes until the other side closes."""
    reader, writer = await asyncio.open_unix_connection(str(address))
    try:
        async with asyncio.timeout(5):
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.01)
            return await reader.read()
    finally:
        writer.close()


async def test_requests_on_one_connection_are_answered_in_turn(address: Path) -> None:
    last = GET + b"connection: close\r\n\r\n"
    assert (await _talk(address, GET + b"\r\n" + GET, b"\r\n", last)).count(b"\r\n\r\nok") == 3


@pytest.mark.parametrize("start", [b"GET /", GET + b"x: "], ids=["line", "header"])
async def test_a_head_without_end_is_cut_off(address: Path, start: bytes) -> None:
    reply = await _talk(address, start, *[b"a" * 30_000] * 3)
    assert reply.startswith(b"HTTP/1.1 413 ")
    assert "65,536 bytes" in orjson.loads(reply.partition(b"\r\n\r\n")[2])["error"]["message"]


async def test_a_body_larger_than_a_head_may_be_is_no_head(address: Path) -> None:
    head = b"POST / HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: 90000\r\n\r\n"
    assert b"200 OK" in await _talk(address, head, *[b"a" * 30_000] * 3)


@pytest.mark.parametrize("start", [b"", GET], ids=["nothing", "half a head"])
async def test_a_head_that_does_not_arrive_ends_the_connection(
    address: Path, start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_WITHIN_S", 0.1)
    assert await _talk(address, start) == b""


async def test_what_is_not_http_is_refused_in_the_one_shape(address: Path) -> None:
    head, _, body = (await _talk(address, b"\x16\x03\x01\x02\x00")).partition(b"\r\n\r\n")
    said = orjson.loads(body)
    assert head.startswith(b"HTTP/1.1 400 ")
    assert said["error"]["code"] == "invalid_value"
    assert said["request_id"].encode() in head


def test_the_socket_is_its_owners_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("r") / "toy.1.sock"
    with bind_path(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_folder_that_is_made_is_private(tmp_path: Path) -> None:
    make_private(tmp_path / "a" / "b")
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b")] == [0o700, 0o700]


def test_a_folder_that_others_can_replace_is_refused(tmp_path: Path) -> None:
    around = tmp_path / "open"
    around.mkdir()
    around.chmod(0o777)
    with pytest.raises(ConfigurationError, match="can replace it"):
        make_private(around / "run")
    around.chmod(0o1777)  # As /tmp is.
    make_private(around / "run")

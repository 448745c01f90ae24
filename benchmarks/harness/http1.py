"""A lean HTTP/1.1 client connection: bytes out, status, head and body in.

The load generator shares the processors with the server, so that every microsecond it takes is taken from the result.
"""

from __future__ import annotations

import asyncio
import re
import socket
from typing import NamedTuple, cast

from benchmarks.harness.ports import HOST

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"


class Reply(NamedTuple):
    """A response as it came."""

    status: int
    head: bytes
    body: bytes


class BadReply(Exception):
    """The server closed the connection or sent what this client does not read."""


def post(path: str, body: bytes, content_type: str = "application/json") -> bytes:
    """A whole POST request, ready to be sent many times."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str) -> bytes:
    """A whole GET request."""
    return f"GET {path} HTTP/1.1\r\nhost: {HOST}\r\n\r\n".encode()


def read_reply(received: bytes | bytearray) -> Reply | None:
    """The response, or None while it is not complete.

    Raises:
        BadReply: It has no content-length.
    """
    end = received.find(_END)
    if end < 0:
        return None
    head = bytes(received[:end])
    length = _LENGTH.search(head)
    if length is None:
        raise BadReply(f"no content-length: {head[:200]!r}")
    start = end + len(_END)
    stop = start + int(length[1])
    if len(received) < stop:
        return None
    return Reply(int(head[9:12]), head, bytes(received[start:stop]))


class Connection(asyncio.Protocol):
    """A keep-alive connection with one request at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._waiting: asyncio.Future[Reply] | None = None
        self._transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        """Whether another request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes) -> Reply:
        """Send a request and wait for its response.

        Raises:
            BadReply: There is none.
        """
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        self.send(request)
        return await waiting

    def send(self, data: bytes) -> None:
        """Send without waiting for anything."""
        if self._transport is None or self._transport.is_closing():
            self._fail("the connection is closed")
            return
        self._transport.write(data)

    def close(self) -> None:
        """Close at once, whatever is under way."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection was lost: {exc}")

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        try:
            reply = read_reply(received)
        except BadReply as error:
            self._fail(str(error))
            return
        if reply is not None:
            received.clear()
            if self._waiting is not None and not self._waiting.done():
                self._waiting.set_result(reply)

    def _fail(self, reason: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(BadReply(reason))


async def connect(port: int) -> Connection:
    """Open a connection to the loopback address."""
    _, connection = await asyncio.get_running_loop().create_connection(Connection, HOST, port)
    return connection


class BlockingConnection:
    """The same for one caller who waits: a plain socket, no event loop."""

    def __init__(self, port: int, timeout_s: float = 30.0) -> None:
        self._socket = socket.create_connection((HOST, port), timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> Reply:
        """Send a request and wait for its response.

        Raises:
            BadReply: The server closed the connection.
        """
        self._socket.sendall(request)
        received = bytearray()
        while True:
            piece = self._socket.recv(65_536)
            if not piece:
                raise BadReply("the connection was closed")
            received += piece
            reply = read_reply(received)
            if reply is not None:
                return reply

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def ask_once(port: int, request: bytes) -> Reply:
    """One request on a connection of its own."""
    connection = BlockingConnection(port)
    try:
        return connection.ask(request)
    finally:
        connection.close()

"""A real HTTP server that answers from a script, and both clients behind one face."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from ekiben import AsyncClient, Client
from ekiben.client.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """`drop` closes the connection without a word; `hang` says nothing until the test is over."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    hang: bool = False
    trickle: bool = False


def reply(payload: object, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(payload).encode(), {"content-type": "application/json", **named})


def refusal(status: int, code: str, message: str = "no", **headers: str) -> Reply:
    body = {"error": {"message": message, "type": "x", "code": code, "param": None}, "request_id": "srv-1"}
    return reply(body, status, **headers)


class Server:
    """Gives the scripted replies in order, the last one again and again."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.script: list[Reply] = []
        self.over = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def answers(self, *script: Reply) -> None:
        self.script = list(script)

    def close(self) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()

    def _next(self) -> Reply:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def _handler(outer) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.received.append(Received(self.command, self.path, headers, body))
                self._answer(outer._next())

            def _answer(self, given: Reply) -> None:
                if given.hang:
                    outer.over.wait()
                if given.drop or given.hang:
                    self.close_connection = True
                    return
                self.send_response(given.status)
                for name, value in {"content-length": str(len(given.body)), **given.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self._write(given)

            def _write(self, given: Reply) -> None:
                if not given.trickle:
                    self.wfile.write(given.body)
                    return
                for byte in given.body:
                    try:
                        self.wfile.write(bytes([byte]))
                    except OSError:
                        return
                    if outer.over.wait(0.02):
                        return

            do_GET = do_POST = _any  # noqa: N815

            def log_message(self, *_: object) -> None: ...

        return Handler


@dataclass
class Hand:
    """Time moved by hand: sleeping is recorded and moves the clock."""

    now: float = 1_000.0
    chance: float = 0.5
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)

    def pace(self) -> Pace:
        return Pace(lambda: self.now, lambda: 1_700_000_000.0, lambda: self.chance, self.sleep, self.sleep_async)


class Caller:
    """Calls one method on a blocking or an asynchronous client, which is set up and closed around it."""

    def __init__(self, kind: type[Client] | type[AsyncClient], url: str) -> None:
        self.kind, self.url = kind, url

    def __call__(self, use: Callable[[Any], Any], **options: Any) -> Any:
        options = {"base_url": self.url, **options}
        if self.kind is Client:
            with Client(**options) as client:
                return use(client)
        return asyncio.run(self._use(use, options))

    async def _use(self, use: Callable[[Any], Any], options: dict[str, Any]) -> Any:
        async with AsyncClient(**options) as client:
            made = use(client)
            return await made if inspect.isawaitable(made) else made


@pytest.fixture
def server() -> Iterator[Server]:
    serving = Server()
    yield serving
    serving.close()


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture(params=[Client, AsyncClient], ids=["blocking", "async"])
def call(request: pytest.FixtureRequest, server: Server) -> Caller:
    return Caller(request.param, server.url)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EKIBEN_API_KEY", "EKIBEN_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

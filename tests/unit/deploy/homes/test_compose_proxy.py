"""The proxy's configuration, in a Caddy of one's own: streams pass at once, bodies have a bound."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from scripts.lib.helm import PROJECT
from tests.unit.deploy.homes.tools import tool

_FILE = PROJECT / "deploy" / "compose" / "Caddyfile"


class _Backend(ThreadingHTTPServer):
    """Writes a line, waits until its reader has it, and writes another."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Backend)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        self.wfile.flush()
        self.wfile.write(b"data: second\n\n" if self.server.seen.wait(20) else b"data: nobody read\n\n")

    def do_POST(self) -> None:
        left = int(self.headers["content-length"])
        while left > 0 and (piece := self.rfile.read(min(left, 65536))):
            left -= len(piece)
        self.send_response(200 if left == 0 else 400)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def backend() -> Iterator[_Backend]:
    with _Backend() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def proxy(tmp_path: Path, backend: _Backend) -> Iterator[str]:
    """As it is, but for ports, and the gateways' name, which only the containers' network has."""
    port, health = _free_port(), _free_port()
    text = _FILE.read_text(encoding="utf-8")
    for is_there, instead in (
        ("http_port 8080", f"http_port {port}"),
        ("https_port 8443", f"https_port {_free_port()}"),
        ("127.0.0.1:8081", f"127.0.0.1:{health}"),
        ("dynamic a gateway 3000 {\n\t\t\trefresh 5s\n\t\t}", f"to 127.0.0.1:{backend.server_port}"),
    ):
        assert is_there in text
        text = text.replace(is_there, instead)
    (tmp_path / "Caddyfile").write_text(text)
    command = [tool("caddy", "caddy"), "run", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")]
    environment = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{health}/")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url).status_code == 200:
                return
        time.sleep(0.05)
    pytest.fail("the proxy does not start")


def test_it_is_valid_and_formatted(tmp_path: Path) -> None:
    caddy, environment = tool("caddy", "caddy"), {"HOME": str(tmp_path), "SITE": "https://models.example.com"}
    for command in ("validate", "--adapter", "caddyfile", "--config"), ("fmt",):
        done = subprocess.run(
            [caddy, *command, str(_FILE)], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_a_stream_is_passed_on_as_it_comes(proxy: str, backend: _Backend) -> None:
    with httpx.stream("GET", proxy, timeout=30) as response:
        lines = (line for line in response.iter_lines() if line)
        assert next(lines) == "data: first"
        backend.seen.set()
        assert next(lines) == "data: second"


def test_a_picture_is_let_in_and_more_than_the_gateways_take_is_not(proxy: str) -> None:
    assert httpx.post(proxy, content=b"x" * 2**20, timeout=30).status_code == 200
    with contextlib.suppress(httpx.WriteError):  # It may close while more is being sent.
        assert httpx.post(proxy, content=b"x" * (33 * 2**20), timeout=30).status_code in {
            413,
            502,
        }  # Caddy 2.6 says the latter.

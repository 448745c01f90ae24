"""SIGTERM: readiness false at once, what is in flight finishes, exit status 0."""

from __future__ import annotations

import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from tests.e2e.conftest import start_platform

BODY = {"model": "all-minilm-l6-v2", "input": ["word " * 150] * 16}


@pytest.mark.slow
def test_sigterm_loses_no_accepted_request(tmp_path: Path) -> None:
    platform = start_platform(tmp_path, "--only", "all-minilm-l6-v2")
    platform.wait_until_ready()
    first = threading.Event()

    def ask(client: httpx.Client) -> tuple[int, str, set[int]]:
        """Ask until refused; returns the last status, its code, and every status there was."""
        seen: set[int] = set()
        while True:
            try:
                reply = client.post("/v1/embeddings", json=BODY)
            except httpx.ConnectError:
                return 0, "", seen
            seen.add(reply.status_code)
            if reply.status_code == 200:
                first.set()
            else:
                return reply.status_code, reply.json()["error"]["code"], seen

    clients = [
        httpx.Client(base_url=platform.base_url, timeout=60, headers={"x-ekiben-timeout-ms": "60000"}) for _ in range(4)
    ]
    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask, client) for client in clients]
        assert first.wait(30)
        platform.process.send_signal(signal.SIGTERM)
        ends = [each.result(60) for each in asking]
    # A read error here would be a request that was accepted and lost.
    for status, code, seen in ends:
        assert (status, code) in {(503, "shutting_down"), (0, "")}
        assert seen <= {200, 503}
    assert platform.process.wait(30) == 0
    assert '"in_flight":0' in platform.log_end() or "drained" in platform.log_end()
    assert not list(platform.run_dir.glob("*.sock"))


@pytest.mark.slow
def test_a_second_interrupt_waits_for_nobody(tmp_path: Path) -> None:
    platform = start_platform(tmp_path, "--only", "all-minilm-l6-v2")
    platform.wait_until_ready()
    # A body that never ends keeps its request in flight.
    with socket.create_connection(("127.0.0.1", platform.port)) as dripping:
        head = b"POST /v1/embeddings HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        dripping.sendall(head + b"content-length: 1000\r\n\r\n{")
        while b"in_flight 2.0" not in httpx.get(f"{platform.base_url}/metrics").content:
            assert platform.process.poll() is None
        platform.process.send_signal(signal.SIGINT)
        while "draining" not in platform.log_end():
            assert platform.process.poll() is None
        below = psutil.Process(platform.process.pid).children(recursive=True)
        platform.process.send_signal(signal.SIGINT)
        assert platform.process.wait(10) == 1
    assert len(below) > 1
    _, alive = psutil.wait_procs(below, timeout=5)
    assert alive == []


@pytest.mark.slow
def test_a_second_platform_on_the_same_port_is_refused_in_words(tmp_path: Path) -> None:
    first = start_platform(tmp_path, "--only", "all-minilm-l6-v2")
    try:
        first.wait_until_ready()
        (tmp_path / "second").mkdir()
        second = start_platform(tmp_path / "second", "--only", "all-minilm-l6-v2", EKIBEN_PORT=str(first.port))
        assert second.process.wait(30) == 1
        assert f"port {first.port}" in second.log_end()
        assert "EKIBEN_PORT" in second.log_end()
    finally:
        assert first.stop() == 0

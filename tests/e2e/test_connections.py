"""Callers below HTTP: heads without end, what is no HTTP, those who leave, a worker that is told to end."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from tests.e2e.conftest import Platform, start_platform
from tests.e2e.test_workers_die import workers

LONG = {"model": "all-minilm-l6-v2", "input": ["word " * 150] * 128}
# A busy machine may take longer than a request usually has.
PATIENT = {"x-ekiben-timeout-ms": "60000"}
BODY = json.dumps(LONG).encode()
ASK = (
    b"POST /v1/embeddings HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    % len(BODY)
) + BODY


def _connect(platform: Platform) -> socket.socket:
    return socket.create_connection(("127.0.0.1", platform.port), timeout=10)


def test_what_is_not_http_is_refused_in_the_one_shape(platform: Platform) -> None:
    with _connect(platform) as caller:
        caller.sendall(b"\x16\x03\x01\x02\x00")
        head, _, body = caller.recv(10_000).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["error"]["code"] == "invalid_value"


def test_a_head_without_end_is_cut_off(platform: Platform) -> None:
    endless = b"GET /livez HTTP/1.1\r\nhost: here\r\n" + (b"x: " + b"a" * 60_000 + b"\r\n") * 500
    with _connect(platform) as caller, pytest.raises(OSError, match=r"reset|Broken pipe"):
        caller.sendall(endless)


@pytest.mark.slow
def test_callers_who_left_do_not_delay_the_end(tmp_path: Path) -> None:
    platform = start_platform(tmp_path, "--only", "all-minilm-l6-v2")
    platform.wait_until_ready()
    for _ in range(4):
        with _connect(platform) as caller:
            caller.sendall(ASK)
            time.sleep(0.1)
    assert platform.stop() == 0
    assert "does not end" not in platform.log_end()


@pytest.mark.slow
def test_requests_leave_nothing_behind_in_the_gateway(tmp_path: Path) -> None:
    platform = start_platform(tmp_path, "--only", "all-minilm-l6-v2")
    platform.wait_until_ready()
    gateway = psutil.Process(workers(platform)["gateway"])
    with httpx.Client(base_url=platform.base_url) as client:

        def ask(count: int) -> None:
            for _ in range(count):
                client.get("/v1/models/nope")

        ask(1_000)
        before_bytes = gateway.memory_info().rss
        ask(3_000)
        assert gateway.memory_info().rss - before_bytes < 4 * 2**20
    assert platform.stop() == 0


@pytest.mark.slow
def test_a_worker_told_to_end_answers_what_it_accepted(tmp_path: Path) -> None:
    platform = start_platform(tmp_path, "--only", "all-minilm-l6-v2")
    platform.wait_until_ready()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(httpx.post, f"{platform.base_url}/v1/embeddings", json=LONG, headers=PATIENT, timeout=90)
        time.sleep(0.2)
        os.kill(workers(platform)["all-minilm-l6-v2"], signal.SIGTERM)
        assert asking.result().status_code == 200
    assert platform.stop() == 0

"""The whole call is bounded, in real time: each test takes as long as its short timeout."""

from __future__ import annotations

import time

import pytest

from ekiben.client.errors import RequestTimedOut
from ekiben.errors import DeadlineExceeded, InvalidRequest
from tests.unit.client.conftest import Caller, Reply, Server


def test_a_silent_server(call: Caller, server: Server) -> None:
    server.answers(Reply(hang=True))
    began = time.monotonic()
    with pytest.raises(RequestTimedOut, match=r"within 0\.1 s") as caught:
        call(lambda client: client.models.list(timeout=0.1, request_id="mine"))
    assert time.monotonic() - began < 2.0
    assert isinstance(caught.value, DeadlineExceeded)
    assert caught.value.request_id == "mine"


def test_an_answer_in_drops(call: Caller, server: Server) -> None:
    server.answers(Reply(body=b" " * 10_000, trickle=True))
    began = time.monotonic()
    with pytest.raises(RequestTimedOut):
        call(lambda client: client.models.list(timeout=0.1))
    assert time.monotonic() - began < 2.0


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan"), float("inf")])
def test_a_timeout_that_is_none(call: Caller, server: Server, timeout: float) -> None:
    with pytest.raises(InvalidRequest, match="timeout must be"):
        call(lambda client: client.models.list(timeout=timeout))
    assert server.received == []

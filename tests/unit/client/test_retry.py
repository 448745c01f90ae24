"""Retries over a real server, in time moved by hand; both clients must behave alike."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekiben.client.errors import ConnectionFailed
from ekiben.client.retry import BACKOFF_CAP_S, next_wait_s, retry_after_s
from ekiben.errors import DeadlineExceeded, EkibenError, Internal, Overloaded, QueueFull, Unavailable, WorkerLost
from tests.unit.client.conftest import Caller, Hand, Reply, Server, refusal, reply

MODELS = reply({"object": "list", "data": []})


def listing(client: Any) -> Any:
    return client.models.list()


@pytest.mark.parametrize(
    "first",
    [
        refusal(429, "queue_full"),
        refusal(503, "worker_lost"),
        refusal(504, "deadline_exceeded"),
        Reply(502, b"<h1>Bad gateway</h1>"),
        Reply(drop=True),
    ],
    ids=["429", "503", "504", "502", "dropped"],
)
def test_tries_again(call: Caller, server: Server, hand: Hand, first: Reply) -> None:
    server.answers(first, MODELS)
    assert call(listing, pace=hand.pace()).data == []
    assert hand.slept == [0.125]
    assert len(server.received) == 2
    assert server.received[0].headers["x-request-id"] == server.received[1].headers["x-request-id"]


@pytest.mark.parametrize(
    ("status", "code"), [(400, "invalid_value"), (401, "invalid_api_key"), (500, "internal_error")]
)
def test_does_not_repeat_what_cannot_help(call: Caller, server: Server, hand: Hand, status: int, code: str) -> None:
    server.answers(refusal(status, code))
    with pytest.raises(EkibenError) as caught:
        call(listing, pace=hand.pace())
    assert caught.value.code == code
    assert len(server.received) == 1
    assert hand.slept == []


def test_gives_up_after_max_retries_with_the_last_error(call: Caller, server: Server, hand: Hand) -> None:
    server.answers(refusal(429, "queue_full"), refusal(503, "unavailable"), refusal(503, "worker_lost"))
    with pytest.raises(WorkerLost) as caught:
        call(listing, pace=hand.pace())
    assert hand.slept == [0.125, 0.25]
    assert caught.value.__notes__ == ["gave up after 3 attempts"]


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"retry_after": "3"}, 3.125),
        ({"retry_after": "0.5"}, 0.625),
        ({"retry_after_ms": "40", "retry_after": "9"}, 0.060),
        ({"retry_after": formatdate(1_700_000_007, usegmt=True)}, 7.125),
        ({"retry_after": "soon"}, 0.125),
    ],
)
def test_honours_retry_after(call: Caller, server: Server, hand: Hand, headers: dict[str, str], waits: float) -> None:
    server.answers(refusal(429, "overloaded", **headers), MODELS)
    call(listing, pace=hand.pace())
    assert hand.slept == [pytest.approx(waits)]


def test_raises_at_once_when_the_wait_would_pass_the_deadline(call: Caller, server: Server, hand: Hand) -> None:
    server.answers(refusal(429, "queue_full", retry_after="30"))
    with pytest.raises(QueueFull) as caught:
        call(listing, pace=hand.pace(), timeout=20.0)
    assert caught.value.retry_after_s == 30.0
    assert hand.slept == []


def test_tells_the_server_what_is_left_on_every_attempt(call: Caller, server: Server, hand: Hand) -> None:
    server.answers(refusal(503, "unavailable", retry_after="4"), MODELS)
    call(lambda client: client.models.list(timeout=10.0), pace=hand.pace())
    assert [each.headers["x-ekiben-timeout-ms"] for each in server.received] == ["10000", "5875"]


def test_nobody_listens(call: Caller, server: Server, hand: Hand) -> None:
    server.close()
    with pytest.raises(ConnectionFailed, match=r"cannot reach http://127\.0\.0\.1:\d+ "):
        call(listing, pace=hand.pace(), max_retries=1)
    assert hand.slept == [0.125]


@given(
    error=st.sampled_from([Overloaded, Unavailable, DeadlineExceeded, Internal]),
    asked=st.none() | st.floats(0, 100),
    attempt=st.integers(0, 2_000),
    left=st.floats(0, 100),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_waits_stay_in_bounds(
    error: type[EkibenError], asked: float | None, attempt: int, left: float, chance: float
) -> None:
    wait = next_wait_s(error("x", retry_after_s=asked), attempt, max_retries=1_000, left_s=left, random=lambda: chance)
    if wait is None:
        return
    assert error.retryable
    assert attempt < 1_000
    assert (asked or 0.0) <= wait < left
    assert asked is not None or wait <= BACKOFF_CAP_S


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40))
def test_any_retry_after_is_a_wait_or_nothing(value: str) -> None:
    for name in ("retry-after", "retry-after-ms"):
        seconds = retry_after_s(httpx.Headers({name: value}), 0.0)
        assert seconds is None or 0 <= seconds < float("inf")

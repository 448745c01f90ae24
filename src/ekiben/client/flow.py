"""A call as a generator of steps. It decides everything and does nothing: no socket, no sleep.

Send ──► answer with an accepted status ──────────────► parse, return
  ▲  └─► error ──► retryable, attempts and time left? ──► no: raise
  └───── Wait ◄──────────────────────────────────── yes
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator
from typing import TYPE_CHECKING, TypeAlias
from uuid import uuid4

import httpx

from ekiben.client import failures
from ekiben.client.call import Answer, Call, Send, T, Wait
from ekiben.client.retry import next_wait_s
from ekiben.client.version import user_agent
from ekiben.errors import EkibenError, InvalidRequest

if TYPE_CHECKING:
    from ekiben.client.options import ClientOptions

Outcome: TypeAlias = Answer | EkibenError | None
Flow: TypeAlias = Generator[Send | Wait, Outcome, T]

_MAX_REQUEST_ID_CHARACTERS = 128
_MAX_PRIORITY = 10


def attempts(call: Call[T], options: ClientOptions) -> Flow[T]:
    """Yield steps until the call has its result.

    A `Send` is answered with an `Answer` or the error that stood for it, a `Wait` with None.

    Raises:
        EkibenError: The last attempt's.
    """
    pace = options.pace
    timeout_s = _timeout_s(call, options)
    headers = _headers(call, options)
    deadline = pace.monotonic() + timeout_s
    for attempt in itertools.count():
        send = _send(call, options, headers, deadline - pace.monotonic())
        outcome = yield send
        if isinstance(outcome, Answer) and outcome.status in call.accept:
            return call.parse(outcome)
        error = failures.from_answer(outcome, pace.wall()) if isinstance(outcome, Answer) else outcome
        assert error is not None, "a Send is answered with an answer or an error"  # noqa: S101
        wait_s = next_wait_s(
            error,
            attempt,
            max_retries=options.max_retries if call.retry else 0,
            left_s=deadline - pace.monotonic(),
            random=pace.random,
        )
        if wait_s is None:
            return _give_up(call, error, attempt)
        yield Wait(wait_s)
    raise AssertionError("unreachable")


def _give_up(call: Call[T], error: EkibenError, attempt: int) -> T:
    if call.recover is not None:
        return call.recover(error)
    if attempt:
        error.add_note(f"gave up after {attempt + 1} attempts")
    raise error


def _send(call: Call[T], options: ClientOptions, headers: httpx.Headers, left_s: float) -> Send:
    """Make one attempt's request; the server is told the milliseconds that are left now."""
    left_s = max(left_s, 0.001)
    headers["x-ekiben-timeout-ms"] = str(max(1, math.floor(left_s * 1_000)))
    url = f"{options.base_url}{call.path}"
    return Send(call.method, url, headers.copy(), call.body, left_s, headers["x-request-id"], call.stream)


def _headers(call: Call[T], options: ClientOptions) -> httpx.Headers:
    """Headers that all attempts share; `httpx.Headers` hides the key where it is printed."""
    headers = httpx.Headers(dict(call.headers))
    headers["user-agent"] = user_agent()
    headers["x-request-id"] = _request_id(call.options.get("request_id"))
    priority = call.options.get("priority")
    if priority is not None:
        headers["x-ekiben-priority"] = _priority(priority)
    if options.api_key is not None:
        headers["authorization"] = f"Bearer {options.api_key}"
    return headers


def _timeout_s(call: Call[T], options: ClientOptions) -> float:
    timeout_s = call.options.get("timeout")
    if timeout_s is None:
        return options.timeout_s
    if not (math.isfinite(timeout_s) and timeout_s > 0):
        raise InvalidRequest(f"timeout must be a positive number of seconds, not {timeout_s!r}", param="timeout")
    return timeout_s


def _request_id(given: str | None) -> str:
    if given is None:
        return uuid4().hex
    if not (given.isascii() and given.isprintable() and 0 < len(given) <= _MAX_REQUEST_ID_CHARACTERS):
        raise InvalidRequest("request_id must be 1 to 128 printable ASCII characters", param="request_id")
    return given


def _priority(priority: int) -> str:
    if not -_MAX_PRIORITY <= priority <= _MAX_PRIORITY:
        raise InvalidRequest(f"priority must be from -10 to 10, not {priority!r}", param="priority")
    return str(int(priority))

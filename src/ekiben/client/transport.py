"""What the blocking and the asynchronous transport share: how a step becomes an httpx request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from ekiben.client.call import OK, Answer, Opened, Send

if TYPE_CHECKING:
    from collections.abc import Mapping

# A server that is there accepts within this; one that is not should leave time for another attempt.
_CONNECT_TIMEOUT_S = 5.0


def request_arguments(send: Send) -> Mapping[str, Any]:
    """Give the arguments of `httpx.Client.build_request`."""
    timeout = httpx.Timeout(send.timeout_s, connect=min(send.timeout_s, _CONNECT_TIMEOUT_S))
    return {"method": send.method, "url": send.url, "headers": send.headers, "timeout": timeout, **send.body}


def answer_of(response: httpx.Response, body: bytes, send: Send) -> Answer:
    """Complete the answer; the server's own request id wins over the one sent."""
    request_id = response.headers.get("x-request-id") or send.request_id
    return Answer(response.status_code, response.headers, body, request_id)


def streams(response: httpx.Response, send: Send) -> bool:
    """Whether the body is to be read as it comes: what was asked for, unless it is an error."""
    return send.stream and response.status_code in OK


def opened_of(response: httpx.Response, deadline: float, send: Send) -> Opened:
    """An answer of which only the head is there."""
    answer = answer_of(response, b"", send)
    return Opened(answer.status, answer.headers, b"", answer.request_id, response, deadline, send)

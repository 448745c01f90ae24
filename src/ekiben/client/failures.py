"""From an answer that is not a success, or from none at all, to the error that is raised."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx

from ekiben.client.errors import ConnectionFailed, RequestTimedOut, UnexpectedResponse
from ekiben.client.retry import retry_after_s
from ekiben.errors import EkibenError, InvalidRequest, from_payload

if TYPE_CHECKING:
    from ekiben.client.call import Answer, Send

_MAX_EXCERPT_CHARACTERS = 200
_MAX_MESSAGE_CHARACTERS = 2_000


def from_answer(answer: Answer, now: float) -> EkibenError:
    """Name what the server reports; `now` is Unix time in seconds."""
    if answer.status < 400:
        return UnexpectedResponse(
            f"HTTP status {answer.status} is not an answer to this call; redirects are not followed, "
            "base_url must name the server itself",
            request_id=answer.request_id,
        )
    return from_payload(
        answer.status,
        _error_body(answer),
        request_id=answer.request_id,
        retry_after_s=retry_after_s(answer.headers, now),
    )


def from_transport(error: httpx.HTTPError, send: Send) -> EkibenError:
    """Name what httpx met on the way; the connection's own words are kept, they hold no header."""
    reason = f"{type(error).__name__}: {str(error)[:_MAX_EXCERPT_CHARACTERS]}".rstrip(": ")
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return ConnectionFailed(f"cannot reach {_origin(send.url)} ({reason})", request_id=send.request_id)
    if isinstance(error, httpx.TimeoutException):
        return timed_out(send)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return InvalidRequest("the request cannot be sent: it is not valid HTTP", request_id=send.request_id)
    if isinstance(error, httpx.DecodingError):
        return UnexpectedResponse("the answer cannot be decompressed", request_id=send.request_id)
    return ConnectionFailed(f"the connection broke before the answer ({reason})", request_id=send.request_id)


def timed_out(send: Send) -> RequestTimedOut:
    """Say that no answer came within the time that was left."""
    return RequestTimedOut(
        f"no complete answer from {_origin(send.url)} within {send.timeout_s:.3g} s",
        request_id=send.request_id,
    )


def _error_body(answer: Answer) -> dict[str, object]:
    """OpenAI's shape, whatever came: a proxy's page or another server's JSON becomes a bounded message."""
    try:
        payload = json.loads(answer.body)
    except ValueError:
        payload = None
    body = payload.get("error") if isinstance(payload, dict) else None
    if not (isinstance(payload, dict) and isinstance(body, dict) and isinstance(body.get("message"), str)):
        return {"error": {"message": _excerpt(answer)}}
    param, request_id = body.get("param"), payload.get("request_id")
    return {
        "error": {
            "message": body["message"][:_MAX_MESSAGE_CHARACTERS],
            "code": body.get("code"),
            "param": param[:_MAX_EXCERPT_CHARACTERS] if isinstance(param, str) else None,
        },
        "request_id": request_id if isinstance(request_id, str) else None,
    }


def _excerpt(answer: Answer) -> str:
    text = " ".join(answer.body[: 4 * _MAX_EXCERPT_CHARACTERS].decode("utf-8", "replace").split())
    shown = text if len(text) <= _MAX_EXCERPT_CHARACTERS else f"{text[:_MAX_EXCERPT_CHARACTERS]}…"
    return f"HTTP status {answer.status}: {shown}" if shown else f"HTTP status {answer.status}"


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])

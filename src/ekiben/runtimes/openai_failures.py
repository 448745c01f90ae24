"""What another model server refuses, in our terms: its words where the caller is at fault, ours where we are."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson

from ekiben.errors import ContextLengthExceeded, EkibenError, InvalidRequest, Overloaded, Unavailable

_MAX_MESSAGE_CHARACTERS: Final = 500
_CALLERS: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
)
# OpenAI's code, llama.cpp's type; vLLM and TensorRT-LLM say it in words alone.
_TOO_LONG: Final = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_TOO_LONG_WORDS: Final = ("maximum context length", "context size", "max_seq_len", "longer than the maximum model")


def error_of(status: int, body: bytes, retry_after: str | None = None) -> EkibenError:
    """The error that a response with another status than 200 stands for."""
    sent = _sent(body)
    message = str(sent.get("message") or f"HTTP status {status}")[:_MAX_MESSAGE_CHARACTERS]
    if status in _CALLERS:
        return _refusal(sent, message)
    wait_s = float(retry_after) if retry_after and retry_after.isdecimal() else 1.0
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Overloaded("the model's server takes no more requests now.", retry_after_s=wait_s)
    # A wrong key or model name is our set-up; what the server says of it goes to the log, not to the caller.
    error = Unavailable(f"the model's server answers with HTTP status {status}.", retry_after_s=wait_s)
    error.add_note(message)
    return error


def error_in(chunk: Mapping[str, Any]) -> EkibenError | None:
    """The error that a chunk of a stream reports, if it does."""
    sent = chunk.get("error")
    if not sent:
        return None
    code = sent.get("code") if isinstance(sent, dict) else None
    return error_of(code if isinstance(code, int) else 500, orjson.dumps(chunk))


def _refusal(sent: Mapping[str, Any], message: str) -> EkibenError:
    named = {str(sent.get("code")), str(sent.get("type"))}
    if named & _TOO_LONG or any(words in message.lower() for words in _TOO_LONG_WORDS):
        return ContextLengthExceeded(message, param="messages")
    param = sent.get("param")
    return InvalidRequest(message, param=param if isinstance(param, str) else None)


def _sent(body: bytes) -> Mapping[str, Any]:
    """The error's object: OpenAI's below `error`, vLLM's older one at the top."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    inner = content.get("error", content) if isinstance(content, dict) else None
    return inner if isinstance(inner, dict) else {"message": inner} if isinstance(inner, str) else {}

"""Text generation between gateway and worker: a request as JSON, and the answer as JSON lines.

{"text": "Tok", "logprobs": [...]}     a piece; `logprobs` where they were asked for
{"finish": "stop", "prompt_tokens": 37, "completion_tokens": 8, "stages": {"queue": 0.1, ...}}    the last line
{"error": {...}, "request_id": ...}    the last line instead, when it fails under way
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from ekiben.errors import EkibenError, InvalidRequest, from_payload
from ekiben.inference.generation import Alternative, Finish, GenerationRequest, Piece, TokenLogprob

_REQUEST: TypeAdapter[GenerationRequest] = TypeAdapter(GenerationRequest)


@dataclass(frozen=True, slots=True)
class Ending:
    """The last line of an answer that was finished; `stages` are seconds, for `Server-Timing`."""

    finish: Finish
    stages: Mapping[str, float] = field(default_factory=dict)


def encode_request(request: GenerationRequest) -> bytes:
    """A request as the body of `POST /generate`."""
    return orjson.dumps(request)


def decode_request(body: bytes) -> GenerationRequest:
    """Read a body.

    Raises:
        InvalidRequest: It is not a request.
    """
    try:
        return _REQUEST.validate_json(body)
    except ValidationError as error:
        raise InvalidRequest(f"the body is not a generation request: {error.errors()[0]['msg']}") from None


def piece_line(piece: Piece) -> bytes:
    """A piece as a line."""
    content: dict[str, object] = {"text": piece.text}
    if piece.logprobs:
        content["logprobs"] = piece.logprobs
    return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)


def ending_line(ending: Ending) -> bytes:
    """The end as a line."""
    finish = ending.finish
    content = {
        "finish": finish.reason,
        "prompt_tokens": finish.prompt_tokens,
        "completion_tokens": finish.completion_tokens,
        "stages": ending.stages,
    }
    return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)


def error_line(error: EkibenError, request_id: str | None) -> bytes:
    """An error as a line; when to come back stands in it, since the headers are gone."""
    content = {**error.payload(request_id), "status": error.status, "retry_after_s": error.retry_after_s}
    return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)


def decode_line(line: bytes) -> Piece | Ending:
    """Read a line.

    Raises:
        EkibenError: The line is one, or is not a line of this protocol.
    """
    content = orjson.loads(line)
    if "text" in content:
        return Piece(content["text"], tuple(map(_logprob, content.get("logprobs", ()))))
    if "error" in content:
        raise from_payload(content.get("status", 500), content, retry_after_s=content.get("retry_after_s"))
    finish = Finish(content["finish"], content["prompt_tokens"], content["completion_tokens"])
    return Ending(finish, content["stages"])


def _logprob(content: Mapping[str, Any]) -> TokenLogprob:
    return TokenLogprob(_alternative(content["chosen"]), tuple(map(_alternative, content["top"])))


def _alternative(content: Mapping[str, Any]) -> Alternative:
    raw = content["bytes"]
    return Alternative(content["token"], content["logprob"], None if raw is None else tuple(raw))

"""What other model servers refuse, as they write it."""

from __future__ import annotations

import json

import pytest

from ekiben.errors import ContextLengthExceeded, EkibenError, InvalidRequest, Overloaded, Unavailable
from ekiben.runtimes.openai_failures import error_in, error_of

LLAMA = {"error": {"code": 400, "message": "request (5031 tokens) exceeds", "type": "exceed_context_size_error"}}
VLLM = {"object": "error", "message": "This model's maximum context length is 2048 tokens.", "code": 400}
OPENAI = {"error": {"message": "too long", "code": "context_length_exceeded", "param": "messages"}}
BAD = {"error": {"message": "no such role", "type": "invalid_request_error", "param": "messages"}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, LLAMA, ContextLengthExceeded),
        (400, VLLM, ContextLengthExceeded),
        (400, OPENAI, ContextLengthExceeded),
        (400, BAD, InvalidRequest),
        (422, BAD, InvalidRequest),
        (429, BAD, Overloaded),
        (401, BAD, Unavailable),
        (404, BAD, Unavailable),
        (500, BAD, Unavailable),
        (503, BAD, Unavailable),
    ],
)
def test_statuses(status: int, body: object, kind: type[EkibenError]) -> None:
    assert type(error_of(status, json.dumps(body).encode())) is kind


def test_the_caller_hears_the_server_s_words_only_where_the_caller_is_at_fault() -> None:
    refused = error_of(400, json.dumps(BAD).encode())
    assert (refused.message, refused.param) == ("no such role", "messages")
    ours = error_of(401, b'{"error": {"message": "Invalid API Key sk-1"}}')
    assert "Key" not in ours.message
    assert ours.__notes__ == ["Invalid API Key sk-1"]


def test_when_to_come_back_is_passed_on() -> None:
    assert error_of(429, b"", "7").retry_after_s == 7
    assert error_of(429, b"", "soon").retry_after_s == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"x"', b'{"error": "words"}', b'{"error": null}'])
def test_a_body_of_any_kind_is_survived(body: bytes) -> None:
    assert isinstance(error_of(500, body), Unavailable)
    assert isinstance(error_of(400, body), InvalidRequest)


def test_an_error_in_a_stream() -> None:
    assert error_in({"choices": []}) is None
    assert isinstance(error_in(LLAMA), ContextLengthExceeded)
    assert isinstance(error_in({"error": {"message": "x", "code": "bad"}}), Unavailable)

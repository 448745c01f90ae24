"""The wire between gateway and worker: what is written is read again."""

from __future__ import annotations

import pytest

from ekiben.errors import InvalidRequest, QueueFull
from ekiben.inference.generation import (
    Alternative,
    Finish,
    GenerationRequest,
    Message,
    Piece,
    Sampling,
    TokenLogprob,
)
from ekiben.inference.generation_lines import (
    Ending,
    decode_line,
    decode_request,
    encode_request,
    ending_line,
    error_line,
    piece_line,
)

CHAT = GenerationRequest(
    prompt=(Message("system", "Be brief."), Message("user", '日本\n"?')),
    max_tokens=3,
    stop=("a", "b"),
    sampling=Sampling(temperature=0.5, seed=-1),
    top_logprobs=0,
    stream=False,
)


@pytest.mark.parametrize("request_", [CHAT, GenerationRequest(prompt="plain")])
def test_a_request(request_: GenerationRequest) -> None:
    assert decode_request(encode_request(request_)) == request_


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"prompt": 3}', b'{"prompt": [{"role": "king", "content": ""}]}']
)
def test_a_body_that_is_no_request(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="not a generation request"):
        decode_request(body)


def test_everything_the_caller_wrote_is_in_one_text() -> None:
    assert CHAT.text == 'Be brief.\n日本\n"?'
    assert GenerationRequest(prompt="plain").text == "plain"


@pytest.mark.parametrize(
    "piece",
    [
        Piece("two\nlines"),
        Piece("é", (TokenLogprob(Alternative("\ufffd", -1.5, (195,)), (Alternative("x", -2.0),)),)),
    ],
)
def test_a_piece_is_one_line(piece: Piece) -> None:
    line = piece_line(piece)
    assert line.count(b"\n") == 1
    assert decode_line(line) == piece


def test_the_end() -> None:
    ending = Ending(Finish("length", 5, 3), {"queue": 0.25})
    assert decode_line(ending_line(ending)) == ending


def test_an_error_keeps_its_class_and_when_to_come_back() -> None:
    with pytest.raises(QueueFull, match="full") as caught:
        decode_line(error_line(QueueFull("full", retry_after_s=2.5), "rid"))
    assert (caught.value.retry_after_s, caught.value.request_id) == (2.5, "rid")

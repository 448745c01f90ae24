"""What is sent to a model server, and what its chunks say; as llama.cpp, vLLM and TensorRT-LLM write them."""

from __future__ import annotations

from typing import Any

import pytest

from ekiben.errors import Unavailable
from ekiben.inference.generation import (
    Alternative,
    Finish,
    GenerationRequest,
    Message,
    Piece,
    Sampling,
    TokenLogprob,
)
from ekiben.runtimes.openai_payload import ChunkReader, body_of, path_of

TURNS = (Message("user", "Hi"),)
USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}


def test_what_is_left_open_is_left_out() -> None:
    request = GenerationRequest(prompt=TURNS)
    assert path_of(request) == "chat/completions"
    assert body_of(request, "m") == {
        "model": "m",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": "Hi"}],
    }


def test_everything_that_is_wanted_is_sent() -> None:
    request = GenerationRequest(
        prompt="Once",
        max_tokens=3,
        stop=("x",),
        sampling=Sampling(0.0, 0.9, 0.1, 0.2, 7),
        top_logprobs=0,
        stream=False,
    )
    assert path_of(request) == "completions"
    assert body_of(request, "m") == {
        "model": "m", "stream": True, "stream_options": {"include_usage": True}, "prompt": "Once", "logprobs": 0,
        "max_tokens": 3, "stop": ["x"],
        "temperature": 0.0, "top_p": 0.9, "presence_penalty": 0.1, "frequency_penalty": 0.2, "seed": 7,
    }  # fmt: skip
    chat = body_of(GenerationRequest(prompt=TURNS, top_logprobs=2), "m")
    assert (chat["logprobs"], chat["top_logprobs"]) == (True, 2)


def delta(content: str | None, reason: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {} if content is None else {"content": content}, "finish_reason": reason, **more}
    return {"choices": [choice]}


def test_a_streamed_chat() -> None:
    reader = ChunkReader(top_logprobs=None)
    chunks = [
        {"choices": [{"index": 0, "delta": {"role": "assistant", "content": None}, "finish_reason": None}]},
        delta(None, prompt_progress={"total": 5}),  # llama.cpp's own.
        delta("He"),
        delta("y"),
        delta(None, "stop"),
        {"choices": [], "usage": USAGE},
    ]
    assert [piece for chunk in chunks for piece in reader.read(chunk)] == [Piece("He"), Piece("y")]
    assert reader.finish() == Finish("stop", 5, 2)


def test_a_streamed_completion() -> None:
    reader = ChunkReader(top_logprobs=None)
    last = {"choices": [{"text": "", "finish_reason": "length"}], "usage": USAGE}
    assert reader.read({"choices": [{"text": "Hey", "finish_reason": None}]}) + reader.read(last) == [Piece("Hey")]
    assert reader.finish() == Finish("length", 5, 2)


@pytest.mark.parametrize(
    "sent",
    [
        {"content": [{"token": "a", "logprob": -1.0, "top_logprobs": [{"token": "b", "logprob": -2.0}]}]},
        {"tokens": ["a"], "token_logprobs": [-1.0], "top_logprobs": [{"b": -2.0}], "text_offset": [0]},
    ],
)
def test_log_probabilities_in_either_form(sent: dict[str, Any]) -> None:
    expected = TokenLogprob(Alternative("a", -1.0), (Alternative("b", -2.0),))
    assert ChunkReader(top_logprobs=1).read(delta("a", logprobs=sent)) == [Piece("a", (expected,))]
    assert ChunkReader(top_logprobs=None).read(delta("a", logprobs=sent)) == [Piece("a")]
    alone = TokenLogprob(Alternative("a", -1.0))
    assert ChunkReader(top_logprobs=0).read(delta("a", logprobs=sent)) == [Piece("a", (alone,))]


def test_a_stream_that_never_says_it_is_done_was_broken_off() -> None:
    reader = ChunkReader(top_logprobs=None)
    reader.read(delta("He"))
    with pytest.raises(Unavailable, match="broke off"):
        reader.finish()

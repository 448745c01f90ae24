"""What chats and plain completions may ask for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ekiben.schemas import fault
from ekiben.schemas.chat_completions import ChatCompletionRequest
from ekiben.schemas.completions import CompletionRequest

CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
NOTHING: list[object] = [None, [], {}, False, "none"]


@pytest.mark.parametrize("empty", NOTHING)
@pytest.mark.parametrize("name", ["tools", "tool_choice", "functions", "audio", "prediction", "logit_bias"])
def test_what_says_nothing_is_taken(name: str, empty: object) -> None:
    ChatCompletionRequest.model_validate({**CHAT, name: empty})


@pytest.mark.parametrize("name", ["tools", "tool_choice", "functions", "audio", "prediction", "logit_bias"])
def test_what_cannot_be_honoured_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ChatCompletionRequest.model_validate({**CHAT, name: {"a": 1}})
    found = fault(refused.value)
    assert (found.param, "is not supported" in found.message) == (name, True)


def test_texts_in_parts_are_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    request = ChatCompletionRequest.model_validate({**CHAT, "messages": [{"role": "user", "content": parts}]})
    assert request.messages[0].text == "a\nb"


def test_stops_in_either_form() -> None:
    assert ChatCompletionRequest.model_validate({**CHAT, "stop": "a"}).stops == ("a",)
    assert ChatCompletionRequest.model_validate({**CHAT, "stop": ["a", "b"]}).stops == ("a", "b")
    assert ChatCompletionRequest.model_validate(CHAT).stops == ()


@pytest.mark.parametrize("prompt", ["a", ["a"]])
def test_one_prompt_in_either_form(prompt: object) -> None:
    assert CompletionRequest.model_validate({"model": "m", "prompt": prompt}).prompt == "a"


def test_two_equal_limits_agree() -> None:
    ChatCompletionRequest.model_validate({**CHAT, "max_tokens": 5, "max_completion_tokens": 5})

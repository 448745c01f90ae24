"""A card's limits on a request for text."""

from __future__ import annotations

import pytest

from ekiben.errors import InvalidRequest, PayloadTooLarge
from ekiben.inference.generation import GenerationRequest, Message
from ekiben.inference.generation_limits import check_limits
from ekiben.testing import toy_text_card

CARD = toy_text_card()


def test_what_just_fits_passes() -> None:
    turns = tuple(Message("user", "a" * 49) for _ in range(4))  # Joined by three line breaks: 199.
    check_limits(GenerationRequest(prompt=turns, max_tokens=16), CARD)
    check_limits(GenerationRequest(prompt="a" * 200), CARD)


@pytest.mark.parametrize(
    ("request_", "param"),
    [
        (GenerationRequest(prompt=(Message("user", "a"),) * 5), "messages"),
        (GenerationRequest(prompt=(Message("user", "a" * 201),)), "messages"),
        (GenerationRequest(prompt="a" * 201), "prompt"),
    ],
)
def test_too_much(request_: GenerationRequest, param: str) -> None:
    with pytest.raises(PayloadTooLarge) as refused:
        check_limits(request_, CARD)
    assert refused.value.param == param


def test_too_long_an_answer_is_told_in_the_caller_s_own_word() -> None:
    with pytest.raises(InvalidRequest, match="max_completion_tokens is 17; the limit of toy-text is 16") as refused:
        check_limits(GenerationRequest(prompt="a", max_tokens=17), CARD, "max_completion_tokens")
    assert refused.value.param == "max_completion_tokens"

"""A checked request to go on from a text."""

from __future__ import annotations

from typing import Final

from ekiben.cards.card import Task
from ekiben.gateway.completion_format import CompletionFormat
from ekiben.gateway.generation import TextAsk
from ekiben.gateway.sampling import sampling_of
from ekiben.gateway.state import GatewayState
from ekiben.inference.generation import GenerationRequest
from ekiben.inference.generation_limits import check_limits
from ekiben.schemas.completions import CompletionRequest

# OpenAI's; enough to see what the model makes of the prompt.
_DEFAULT_MAX_TOKENS: Final = 16


def completion_ask(gateway: GatewayState, asked: CompletionRequest) -> TextAsk:
    """A request's body, checked against the model's card.

    Raises:
        ModelNotFound: No such model, or none that writes.
        InvalidRequest: A value beyond its limit.
    """
    card = gateway.card_of_task(asked.model, Task.TEXT_GENERATION)
    wanted = GenerationRequest(
        prompt=asked.prompt,
        max_tokens=asked.max_tokens or _DEFAULT_MAX_TOKENS,
        stop=asked.stops,
        sampling=sampling_of(asked),
        top_logprobs=asked.logprobs,
        stream=bool(asked.stream),
    )
    check_limits(wanted, card)
    return TextAsk(card, wanted, completion_format(card.name, asked))


def completion_format(model: str, asked: CompletionRequest) -> CompletionFormat:
    """How an answer of the model is written for whoever asked."""
    return CompletionFormat(model, with_logprobs=asked.logprobs is not None, with_usage=asked.includes_usage)

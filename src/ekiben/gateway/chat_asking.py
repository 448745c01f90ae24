"""A checked request to go on with a chat."""

from __future__ import annotations

from ekiben.cards.card import Task
from ekiben.gateway.chat_format import ChatFormat
from ekiben.gateway.generation import TextAsk
from ekiben.gateway.sampling import sampling_of
from ekiben.gateway.state import GatewayState
from ekiben.inference.generation import GenerationRequest, Message
from ekiben.inference.generation_limits import check_limits
from ekiben.schemas.chat_completions import ChatCompletionRequest, ChatMessage


def chat_ask(gateway: GatewayState, asked: ChatCompletionRequest) -> TextAsk:
    """A request's body, checked against the model's card.

    Raises:
        ModelNotFound: No such model, or none that writes.
        InvalidRequest: A value beyond its limit.
    """
    card = gateway.card_of_task(asked.model, Task.TEXT_GENERATION)
    wanted = GenerationRequest(
        prompt=tuple(map(_message, asked.messages)),
        max_tokens=asked.max_completion_tokens or asked.max_tokens,
        stop=asked.stops,
        sampling=sampling_of(asked),
        top_logprobs=(asked.top_logprobs or 0) if asked.logprobs else None,
        stream=bool(asked.stream),
    )
    check_limits(wanted, card, "max_completion_tokens" if asked.max_completion_tokens else "max_tokens")
    return TextAsk(card, wanted, chat_format(card.name, asked))


def chat_format(model: str, asked: ChatCompletionRequest) -> ChatFormat:
    """How the answer of a model is written, whether or not it is still served."""
    return ChatFormat(model, with_logprobs=bool(asked.logprobs), with_usage=asked.includes_usage)


def _message(sent: ChatMessage) -> Message:
    return Message("system" if sent.role == "developer" else sent.role, sent.text)

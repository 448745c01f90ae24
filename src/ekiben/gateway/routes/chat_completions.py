"""`POST /v1/chat/completions`, OpenAI's."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from ekiben.cards.card import Task
from ekiben.gateway.chat_format import ChatFormat
from ekiben.gateway.documents import ERROR_RESPONSES, PlainRoute, json_body, read_json
from ekiben.gateway.generation import TextAsk, generate
from ekiben.gateway.routes.sampling import sampling_of
from ekiben.gateway.routes.stream_schema import stream_response
from ekiben.gateway.state import GatewayState
from ekiben.inference.generation import GenerationRequest, Message
from ekiben.inference.generation_limits import check_limits
from ekiben.schemas.chat_completions import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionRequest,
    ChatMessage,
)

_EXAMPLE: Final[dict[str, Any]] = {
    "model": "smollm2-135m-instruct",
    "messages": [{"role": "user", "content": "What is the capital of Japan?"}],
    "max_completion_tokens": 32,
    "temperature": 0,
}


def router(gateway: GatewayState) -> APIRouter:
    """The route over this gateway."""
    routes = APIRouter(tags=["Text"], responses=ERROR_RESPONSES, route_class=PlainRoute)

    @routes.post(
        "/v1/chat/completions",
        summary="Go on with a chat",
        response_model=ChatCompletion,
        responses={200: stream_response(ChatCompletionChunk)},
        openapi_extra=json_body(ChatCompletionRequest, _EXAMPLE),
    )
    async def create_chat_completion(request: Request) -> Response:
        """What the model says next; with `stream`, piece by piece as it is written, as server-sent events."""
        return await generate(gateway, request, lambda: _read(gateway, request))

    return routes


async def _read(gateway: GatewayState, request: Request) -> TextAsk:
    return chat_ask(gateway, await read_json(request, ChatCompletionRequest, gateway.settings.max_body_bytes))


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
    form = ChatFormat(card.name, with_logprobs=bool(asked.logprobs), with_usage=asked.includes_usage)
    return TextAsk(card, wanted, form)


def _message(sent: ChatMessage) -> Message:
    return Message("system" if sent.role == "developer" else sent.role, sent.text)

"""`POST /v1/completions`, OpenAI's."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from ekiben.cards.card import Task
from ekiben.gateway.completion_format import CompletionFormat
from ekiben.gateway.documents import ERROR_RESPONSES, PlainRoute, json_body, read_json
from ekiben.gateway.generation import TextAsk, generate
from ekiben.gateway.routes.stream_schema import stream_response
from ekiben.gateway.sampling import sampling_of
from ekiben.gateway.state import GatewayState
from ekiben.inference.generation import GenerationRequest
from ekiben.inference.generation_limits import check_limits
from ekiben.schemas.completions import Completion, CompletionRequest

_EXAMPLE: Final[dict[str, Any]] = {
    "model": "smollm2-135m-instruct",
    "prompt": "The capital of Japan is",
    "max_tokens": 8,
    "temperature": 0,
}
# OpenAI's; enough to see what the model makes of the prompt.
_DEFAULT_MAX_TOKENS: Final = 16


def router(gateway: GatewayState) -> APIRouter:
    """The route over this gateway."""
    routes = APIRouter(tags=["Text"], responses=ERROR_RESPONSES, route_class=PlainRoute)

    @routes.post(
        "/v1/completions",
        summary="Go on from a text",
        response_model=Completion,
        responses={200: stream_response(Completion)},
        openapi_extra=json_body(CompletionRequest, _EXAMPLE),
    )
    async def create_completion(request: Request) -> Response:
        """What the model writes next, without the chat template; `max_tokens` is 16 where it is not given."""
        return await generate(gateway, request, lambda: _read(gateway, request))

    return routes


async def _read(gateway: GatewayState, request: Request) -> TextAsk:
    asked = await read_json(request, CompletionRequest, gateway.settings.max_body_bytes)
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
    form = CompletionFormat(card.name, with_logprobs=asked.logprobs is not None, with_usage=asked.includes_usage)
    return TextAsk(card, wanted, form)

"""`POST /v1/chat/completions`, OpenAI's."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from ekiben.gateway.chat_asking import chat_ask
from ekiben.gateway.documents import ERROR_RESPONSES, PlainRoute, json_body, read_json
from ekiben.gateway.flow import entered
from ekiben.gateway.generation import TextAsk, generate
from ekiben.gateway.jobs.kinds import Prepared
from ekiben.gateway.jobs.preference import JOB_RESPONSE, as_job, prefers_job
from ekiben.gateway.jobs.texts import prepared_text
from ekiben.gateway.routes.stream_schema import stream_response
from ekiben.gateway.state import GatewayState
from ekiben.schemas.chat_completions import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionRequest,
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
        responses={200: stream_response(ChatCompletionChunk), **JOB_RESPONSE},
        openapi_extra=json_body(ChatCompletionRequest, _EXAMPLE),
    )
    async def create_chat_completion(request: Request) -> Response:
        """What the model says next; with `stream`, piece by piece as it is written, as server-sent events."""
        if prefers_job(request):
            call, prepared = await entered(gateway, request, lambda: _read_job(gateway, request))
            return await as_job(gateway, request, call, prepared, prepared.inline["request"], prepared.blob)
        return await generate(gateway, request, lambda: _read(gateway, request))

    return routes


async def _read(gateway: GatewayState, request: Request) -> TextAsk:
    return chat_ask(gateway, await read_json(request, ChatCompletionRequest, gateway.settings.max_body_bytes))


async def _read_job(gateway: GatewayState, request: Request) -> Prepared:
    asked = await read_json(request, ChatCompletionRequest, gateway.settings.max_body_bytes)
    return prepared_text(chat_ask(gateway, asked), asked.model_dump(mode="json", exclude_unset=True), request.url.path)

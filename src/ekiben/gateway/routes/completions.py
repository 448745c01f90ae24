"""`POST /v1/completions`, OpenAI's."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from ekiben.gateway.completion_asking import completion_ask
from ekiben.gateway.documents import ERROR_RESPONSES, PlainRoute, json_body, read_json
from ekiben.gateway.flow import entered
from ekiben.gateway.generation import TextAsk, generate
from ekiben.gateway.jobs.kinds import Prepared
from ekiben.gateway.jobs.preference import JOB_RESPONSE, as_job, prefers_job
from ekiben.gateway.jobs.texts import prepared_text
from ekiben.gateway.routes.stream_schema import stream_response
from ekiben.gateway.state import GatewayState
from ekiben.schemas.completions import Completion, CompletionRequest

_EXAMPLE: Final[dict[str, Any]] = {
    "model": "smollm2-135m-instruct",
    "prompt": "The capital of Japan is",
    "max_tokens": 8,
    "temperature": 0,
}


def router(gateway: GatewayState) -> APIRouter:
    """The route over this gateway."""
    routes = APIRouter(tags=["Text"], responses=ERROR_RESPONSES, route_class=PlainRoute)

    @routes.post(
        "/v1/completions",
        summary="Go on from a text",
        response_model=Completion,
        responses={200: stream_response(Completion), **JOB_RESPONSE},
        openapi_extra=json_body(CompletionRequest, _EXAMPLE),
    )
    async def create_completion(request: Request) -> Response:
        """What the model writes next, without the chat template; `max_tokens` is 16 where it is not given."""
        if prefers_job(request):
            call, prepared = await entered(gateway, request, lambda: _read_job(gateway, request))
            return await as_job(gateway, request, call, prepared, prepared.inline["request"], prepared.blob)
        return await generate(gateway, request, lambda: _read(gateway, request))

    return routes


async def _read(gateway: GatewayState, request: Request) -> TextAsk:
    return completion_ask(gateway, await read_json(request, CompletionRequest, gateway.settings.max_body_bytes))


async def _read_job(gateway: GatewayState, request: Request) -> Prepared:
    asked = await read_json(request, CompletionRequest, gateway.settings.max_body_bytes)
    return prepared_text(
        completion_ask(gateway, asked), asked.model_dump(mode="json", exclude_unset=True), request.url.path
    )

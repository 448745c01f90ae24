"""`POST /v1/images/generations` and `/v1/images/edits`, OpenAI's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Send

from ekiben.gateway.documents import ERROR_RESPONSES, PlainRoute, form_body, json_body, read_json
from ekiben.gateway.flow import entered
from ekiben.gateway.images.answer import all_at_once
from ekiben.gateway.images.asking import ImagesAsk, checked_ask
from ekiben.gateway.images.event_stream import stream
from ekiben.gateway.images.form import read_form
from ekiben.gateway.jobs.pictures import prepared_picture
from ekiben.gateway.jobs.preference import JOB_RESPONSE, as_job, prefers_job
from ekiben.gateway.origin import check_origin
from ekiben.gateway.routes.stream_schema import stream_response
from ekiben.gateway.state import GatewayState
from ekiben.schemas.images import ImageEditForm, ImageEvent, ImageGenerationRequest, ImagesResponse
from ekiben.worker.connected import Connected

_EXAMPLE: Final[dict[str, Any]] = {"prompt": "a lighthouse at dusk", "n": 1, "seed": 0}
_FILES: Final = {
    "image": {"type": "string", "format": "binary", "description": "The source image: JPEG, PNG or WebP."},
    "mask": {
        "type": "string",
        "format": "binary",
        "description": "Where it is painted anew: where a PNG's alpha is 0, or where a grey picture is white.",
    },
}


def router(gateway: GatewayState) -> APIRouter:
    """The routes over this gateway."""
    routes = APIRouter(tags=["Images"], responses=ERROR_RESPONSES, route_class=PlainRoute)

    @routes.post(
        "/v1/images/generations",
        summary="Draw pictures",
        response_model=ImagesResponse,
        responses={200: stream_response(ImageEvent, ends_with_done=False), **JOB_RESPONSE},
        openapi_extra=json_body(ImageGenerationRequest, _EXAMPLE),
    )
    async def generate_images(request: Request) -> Response:
        """Pictures from a text; with `stream`, one, and previews while it is drawn, as server-sent events."""
        return await _answer(gateway, request, lambda: _generation(gateway, request))

    @routes.post(
        "/v1/images/edits",
        summary="Draw on from a picture",
        response_model=ImagesResponse,
        responses={200: stream_response(ImageEvent, ends_with_done=False), **JOB_RESPONSE},
        openapi_extra=form_body(ImageEditForm, _FILES, required=("image",)),
    )
    async def edit_image(request: Request) -> Response:
        """A picture from another one and a text; with a mask, only where that says so."""
        check_origin(request, gateway.settings.allowed_origins)
        return await _answer(gateway, request, lambda: _edit(gateway, request))

    return routes


async def _answer(gateway: GatewayState, request: Request, read: Callable[[], Awaitable[ImagesAsk]]) -> Response:
    """Authenticate and read; the rest is done while the response is sent, which for a stream is the same."""
    call, ask = await entered(gateway, request, read)
    if prefers_job(request):
        return await as_job(gateway, request, call, prepared_picture(ask), *ask.said)

    async def work(send: Send) -> None:
        with gateway.admission.admitted():
            if ask.stream:
                await stream(gateway, call, ask, send)
            else:
                response = await all_at_once(gateway, call, ask, request)
                await response(request.scope, request.receive, send)

    return Connected(work)


async def _generation(gateway: GatewayState, request: Request) -> ImagesAsk:
    asked = await read_json(request, ImageGenerationRequest, gateway.settings.max_body_bytes)
    return checked_ask(gateway, asked, progress=prefers_job(request))


async def _edit(gateway: GatewayState, request: Request) -> ImagesAsk:
    asked, source = await read_form(request)
    return checked_ask(gateway, asked, source, progress=prefers_job(request))

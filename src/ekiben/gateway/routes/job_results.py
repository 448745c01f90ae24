"""`/v1/jobs/{id}/result`: what a job made, once it has succeeded."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from ekiben.gateway.documents import ERROR_RESPONSES, PlainRoute
from ekiben.gateway.jobs.results import preview_file, result_answer, result_file
from ekiben.gateway.routes.jobs import job_id_parameter
from ekiben.gateway.state import GatewayState
from ekiben.schemas.images import ImagesResponse

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    409: {**ERROR_RESPONSES[400], "description": "The job has not succeeded; the message says where it is."},
    403: {**ERROR_RESPONSES[401], "description": "The link is not valid, or not any more."},
    410: {**ERROR_RESPONSES[400], "description": "The job expired, or its files were erased."},
}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {
            f"image/{kind}": {"schema": {"type": "string", "format": "binary"}} for kind in ("png", "jpeg", "webp")
        },
    }
}


def _parameter(name: str, place: str, kind: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": kind}}


_INDEX: Final = _parameter("index", "path", "integer")
_NUMBER: Final = _parameter("number", "path", "integer")
_LINK: Final = (_parameter("expires", "query", "string"), _parameter("signature", "query", "string"))


def router(gateway: GatewayState) -> APIRouter:
    """The routes over this gateway."""
    routes = APIRouter(tags=["Jobs"], responses={**ERROR_RESPONSES, **_RESPONSES}, route_class=PlainRoute)

    @routes.get(
        "/v1/jobs/{id}/result",
        summary="Fetch a job's answer",
        response_model=ImagesResponse,
        openapi_extra=job_id_parameter(),
    )
    async def get_result(request: Request) -> Response:
        """The answer of the task's synchronous route; of pictures, in base64 or as links, as the input asked for."""
        return await result_answer(gateway, request)

    @routes.get(
        "/v1/jobs/{id}/result/{index}",
        summary="Fetch a file that a job made",
        response_class=Response,
        responses=_FILE,
        openapi_extra=job_id_parameter(_INDEX, *_LINK),
    )
    async def get_result_file(request: Request) -> Response:
        """One picture as a file; by key, or by a link's signature."""
        return await result_file(gateway, request)

    @routes.get(
        "/v1/jobs/{id}/previews/{number}",
        summary="Fetch a preview",
        response_class=Response,
        responses=_FILE,
        openapi_extra=job_id_parameter(_NUMBER),
    )
    async def get_preview(request: Request) -> Response:
        """What the picture looked like at the event of that number, while the job keeps it."""
        return await preview_file(gateway, request)

    return routes

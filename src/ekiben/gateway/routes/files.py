"""`GET /v1/files/{name}`: what a link leads to, until it expires."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from ekiben.errors import NotFound
from ekiben.gateway.call import call_of
from ekiben.gateway.documents import ERROR_RESPONSES, PlainRoute
from ekiben.gateway.images.links import FILES
from ekiben.gateway.state import GatewayState

_PARAMETERS: Final[list[dict[str, Any]]] = [
    {"name": name, "in": place, "required": True, "schema": {"type": "string"}}
    for name, place in (("name", "path"), ("expires", "query"), ("signature", "query"))
]
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {
            f"image/{kind}": {"schema": {"type": "string", "format": "binary"}} for kind in ("png", "jpeg", "webp")
        },
    },
    403: {**ERROR_RESPONSES[401], "description": "The link is not valid, or not any more."},
}


def router(gateway: GatewayState) -> APIRouter:
    """The route over this gateway."""
    routes = APIRouter(tags=["Images"], responses={**ERROR_RESPONSES, **_RESPONSES}, route_class=PlainRoute)

    async def get_file(request: Request) -> Response:
        """The file of a link; the link's signature is the permission, no key is asked for."""
        return await _file(gateway, request)

    path = f"{FILES}/{{name}}"
    described: dict[str, Any] = {"response_class": Response, "openapi_extra": {"parameters": _PARAMETERS}}
    routes.get(path, summary="Fetch a picture by its link", **described)(get_file)
    routes.head(path, include_in_schema=False)(get_file)
    return routes


async def _file(gateway: GatewayState, request: Request) -> Response:
    call_of(request).route = FILES
    if gateway.files is None:
        raise NotFound("this server keeps no files.")
    name, query = request.path_params["name"], request.query_params
    found = await gateway.files.open(name, query.get("expires", ""), query.get("signature", ""))
    headers = {
        "content-length": str(found.size_bytes),
        "content-disposition": f'inline; filename="{name}"',
        "cache-control": "private, no-transform",
        # Should a browser ever take the file for a page, then for one that can do nothing.
        "content-security-policy": "default-src 'none'; sandbox",
    }
    media_type = f"image/{name.rpartition('.')[2]}"
    if request.method == "HEAD":
        return Response(headers=headers, media_type=media_type)
    return StreamingResponse(found.chunks(), headers=headers, media_type=media_type)

"""`GET /`: the page. It is public, since it holds nothing; what it asks the API for is not."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from ekiben.errors import NotFound
from ekiben.gateway.documents import PlainRoute
from ekiben.gateway.page_files import PageFile, read_page
from ekiben.gateway.state import GatewayState

# Nothing from outside, nothing inline, nobody frames it: text of a model or a prompt can never become a program.
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",
    # Kept for as long as it is the same: browsers ask, and are told so in a few bytes.
    "cache-control": "no-cache",
}
_METHODS: Final = ["GET", "HEAD"]


def router(gateway: GatewayState) -> APIRouter:
    """The routes; none where the page is turned off."""
    routes = APIRouter(include_in_schema=False, route_class=PlainRoute)
    if not gateway.settings.page:
        return routes
    files = read_page()

    @routes.api_route("/", methods=_METHODS)
    async def page(request: Request) -> Response:
        return _respond(request, files["index.html"])

    @routes.api_route("/page/{name}", methods=_METHODS)
    async def part(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        if found is None:
            raise NotFound(f"there is no route {request.url.path[:200]!r}.")
        return _respond(request, found)

    return routes


def _respond(request: Request, file: PageFile) -> Response:
    headers = {**_HEADERS, "etag": file.etag}
    if file.etag in _known(request):
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        headers["content-length"] = str(len(file.content))
        return Response(headers=headers, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)


def _known(request: Request) -> set[str]:
    """What the browser has; a proxy that compresses marks the tag as weak."""
    return {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}

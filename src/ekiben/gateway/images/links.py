"""Pictures under links that expire."""

from __future__ import annotations

from typing import Final

from starlette.requests import HTTPConnection

from ekiben.errors import InvalidRequest
from ekiben.gateway.authentication import is_private
from ekiben.gateway.state import GatewayState

FILES: Final = "/v1/files"


async def link_to(gateway: GatewayState, request: HTTPConnection, image: bytes, kind: str) -> str:
    """Save a picture of a kind (png, jpeg, webp); returns its absolute URL.

    Raises:
        Unavailable: The object store fails.
    """
    if gateway.files is None:
        raise InvalidRequest("this server keeps no files.", param="response_format")
    link = await gateway.files.save(image, kind)
    return f"{public_url(gateway, request)}{FILES}/{link.name}?{link.query}"


def public_url(gateway: GatewayState, request: HTTPConnection) -> str:
    """Where links begin: `EKIBEN_PUBLIC_URL`, or the address that the request came in on.

    The request's own word for this server, its `Host`, is believed for this machine's own names alone: anybody can
    write anything there, and a link that leads to another server would carry its signature along.
    """
    if gateway.settings.public_url is not None:
        return str(gateway.settings.public_url).rstrip("/")
    scheme = "https" if request.url.scheme in ("https", "wss") else "http"
    host, port = _stated(request)
    if not is_private(host):
        host, port = request.scope.get("server") or ("127.0.0.1", None)
    if host.startswith("/"):  # a Unix socket's
        host, port = "localhost", None
    written = f"[{host}]" if ":" in host else host
    return f"{scheme}://{written}" if port is None else f"{scheme}://{written}:{port}"


def _stated(request: HTTPConnection) -> tuple[str, int | None]:
    try:
        return request.url.hostname or "", request.url.port
    except ValueError:  # no number, or none of a port
        return "", None

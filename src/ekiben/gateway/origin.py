"""Which web pages may have a browser call this server.

A page elsewhere can make a browser send forms and open WebSockets to any address its user can reach, this machine's own
included, and no question is asked first. The browser does say where the page is from; other programs say nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from ekiben.errors import PermissionDenied


def check_origin(request: HTTPConnection, allowed: Collection[str]) -> None:
    """Let pages of this server's own through, those of `allowed` origins, and whatever is no page.

    Raises:
        PermissionDenied: A page elsewhere asks.
    """
    origin = request.headers.get("origin")
    if origin is None or origin in allowed or _is_own(origin, request):
        return
    raise PermissionDenied(
        "this page may not ask: it is from another server. Its origin has to be among EKIBEN_ALLOWED_ORIGINS.",
        param="origin",
    )


def _is_own(origin: str, request: HTTPConnection) -> bool:
    """Whether the page came from the name and port that are asked now; TLS may end before this server."""
    try:
        page = urlsplit(origin)
        default = {"http": 80, "https": 443}.get(page.scheme)
        if default is None or not page.hostname or page.path or page.query:
            return False
        host = urlsplit(f"//{request.headers.get('host', '')}")
        return (page.hostname, page.port or default) == (host.hostname, host.port or default)
    except ValueError:
        return False

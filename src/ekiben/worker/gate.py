"""A worker's door to other machines: only gateways that know the shared secret come in."""

from __future__ import annotations

import hmac

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ekiben.errors import Unauthenticated
from ekiben.worker.http import error_response


class Gate:
    """ASGI middleware that asks for `Authorization: Bearer <token>`.

    Args:
        app: What is behind it.
        token: The secret.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401."""
        given = Request(scope).headers.get("authorization", "").encode()
        if hmac.compare_digest(given, self._expected):
            await self._app(scope, receive, send)
        else:
            refusal = error_response(Unauthenticated("this worker answers its gateways alone."), None)
            await refusal(scope, receive, send)

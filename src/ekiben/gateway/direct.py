"""The routes that carry the load, answered before the web framework's layers, which would take a third of the time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ekiben.gateway.documents import PlainRoute

Endpoint = Callable[[Request], Awaitable[Response]]


def plain_routes(routers: Iterable[APIRouter]) -> dict[tuple[str, str], PlainRoute]:
    """The plain routes without parameters in their paths, by method and path."""
    plain = [route for router in routers for route in router.routes if isinstance(route, PlainRoute)]
    return {(method, route.path): route for route in plain if "{" not in route.path for method in route.methods or ()}


class Direct:
    """ASGI middleware that calls a plain route's function itself; every other request passes.

    Args:
        app: Answers every other request.
        routes: By method and path.
    """

    def __init__(self, app: ASGIApp, routes: Mapping[tuple[str, str], PlainRoute]) -> None:
        self._app, self._routes = app, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        route = self._routes.get((scope.get("method", ""), scope.get("path", "")))
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        endpoint: Endpoint = route.endpoint
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)

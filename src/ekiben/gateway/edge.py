"""The outermost layer: request ids, the last word on errors, body limit, access log, metrics, common headers."""

from __future__ import annotations

import time

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ekiben.errors import Internal, UnsupportedMedia
from ekiben.gateway.accounting import CLIENT_CLOSED, Accounting
from ekiben.gateway.call import Call, request_id_of
from ekiben.gateway.failures import as_error, failure_response
from ekiben.gateway.metrics import GatewayMetrics
from ekiben.gateway.socket_edge import SocketEdge
from ekiben.inference.protocol import MODERATION, REQUEST_ID, SERVER_TIMING
from ekiben.worker.http import too_large

_log = structlog.get_logger("ekiben.gateway")


class Edge:
    """ASGI middleware around the gateway's routes.

    Args:
        app: The routes.
        metrics: Counts every response.
        max_body_bytes: No route reads a longer body.
    """

    def __init__(self, app: ASGIApp, metrics: GatewayMetrics, max_body_bytes: int) -> None:
        self._app, self._metrics, self._max_body_bytes = app, metrics, max_body_bytes
        self._accounting = Accounting(metrics)
        self._sockets = SocketEdge(app, self._accounting)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one WebSocket."""
        if scope["type"] == "websocket":
            await self._sockets(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        call = Call(request_id=request_id_of(request), arrived=time.monotonic())
        scope["ekiben.call"] = call
        sender = _Sender(send, call)
        with self._metrics.in_flight.track_inprogress():
            try:
                await self._serve(request, _bounded(receive, self._max_body_bytes), sender)
            finally:
                route = getattr(scope.get("route"), "path", "unknown")
                self._accounting.write(scope, call, route, sender.status or CLIENT_CLOSED)

    async def _serve(self, request: Request, receive: Receive, sender: _Sender) -> None:
        try:
            _check_encoding(request)
            await self._app(request.scope, receive, sender)
        except ClientDisconnect:
            sender.status = sender.status or CLIENT_CLOSED
        except Exception as failure:
            if isinstance(as_error(failure, request), Internal):
                _log.exception("request failed", request_id=sender.call.request_id)
            if sender.status:  # The response is under way: all that is left is to cut it off.
                raise
            await failure_response(failure, request, sender.call.request_id)(request.scope, receive, sender)


class _Sender:
    """Passes messages on, adding the headers every response carries."""

    def __init__(self, send: Send, call: Call) -> None:
        self._send, self.call = send, call
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            kept = [pair for pair in message["headers"] if pair[0].lower() != REQUEST_ID.encode()]
            message = {**message, "headers": kept + self._common()}
        await self._send(message)

    def _common(self) -> list[tuple[bytes, bytes]]:
        stages = {**self.call.stages, "total": time.monotonic() - self.call.arrived}
        timing = ", ".join(f"{name};dur={seconds * 1_000:.3f}" for name, seconds in stages.items())
        return [
            (REQUEST_ID.encode(), self.call.request_id.encode()),
            (SERVER_TIMING.encode(), timing.encode()),
            (b"x-content-type-options", b"nosniff"),
            *([(MODERATION.encode(), ", ".join(self.call.flags).encode())] if self.call.flags else ()),
        ]


def _bounded(receive: Receive, max_bytes: int) -> Receive:
    """Stop reading a body as soon as it is longer than the limit, whoever reads it."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > max_bytes:
            raise too_large(max_bytes)
        return message

    return bounded


def _check_encoding(request: Request) -> None:
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise UnsupportedMedia(
            "compressed bodies are not read; send it without content-encoding.", param="content-encoding"
        )

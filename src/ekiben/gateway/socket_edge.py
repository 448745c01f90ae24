"""The outermost layer of WebSockets: request ids, the last word on errors, the access log."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from ekiben.errors import EkibenError, Internal
from ekiben.gateway.accounting import CLIENT_CLOSED, Accounting
from ekiben.gateway.call import Call, request_id_of
from ekiben.inference.protocol import REQUEST_ID
from ekiben.worker.http import error_response

_log = structlog.get_logger("ekiben.gateway")

_INTERNAL_ERROR: Final = 1011


class SocketEdge:
    """ASGI middleware around the routes, for WebSockets.

    A socket that is not let in gets an HTTP response, in the one shape of errors; browsers do not show it to a page.

    Args:
        app: The routes.
        accounting: Told of every socket when it is closed; status 101 for one that was let in.
    """

    def __init__(self, app: ASGIApp, accounting: Accounting) -> None:
        self._app, self._accounting = app, accounting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket, to its end."""
        call = Call(request_id=request_id_of(HTTPConnection(scope)), arrived=time.monotonic())
        scope["ekiben.call"] = call
        sender = _Sender(send, call)
        try:
            await self._app(scope, receive, sender)
        except WebSocketDisconnect:
            sender.status = sender.status or CLIENT_CLOSED
        except Exception as failure:  # noqa: BLE001 - the last word
            await self._fail(failure, scope, receive, sender)
        finally:
            route = getattr(scope.get("route"), "path", "unknown")
            self._accounting.write(scope, call, route, sender.status or CLIENT_CLOSED)

    async def _fail(self, failure: Exception, scope: Scope, receive: Receive, sender: _Sender) -> None:
        if not isinstance(failure, EkibenError):
            _log.error("socket failed", request_id=sender.call.request_id, exc_info=failure)
            failure = Internal("something failed here; the log has the reason under the request id.")
        if sender.status == HTTPStatus.SWITCHING_PROTOCOLS:
            await sender({"type": "websocket.close", "code": _INTERNAL_ERROR})
        elif not sender.status:
            await error_response(failure, sender.call.request_id)(scope, receive, sender)


class _Sender:
    """Passes messages on, and takes the request's id and outcome along."""

    def __init__(self, send: Send, call: Call) -> None:
        self._send, self.call = send, call
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "websocket.accept":
            self.status = HTTPStatus.SWITCHING_PROTOCOLS.value
            request_id = (REQUEST_ID.encode(), self.call.request_id.encode())
            message = {**message, "headers": [*message.get("headers", ()), request_id]}
        elif message["type"] == "websocket.http.response.start":
            self.status = message["status"]
        elif message["type"] == "websocket.close" and not self.status:
            self.status = HTTPStatus.FORBIDDEN.value
        await self._send(message)

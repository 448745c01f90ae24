"""`WS /v1/images/stream`: steps, previews and pictures as they come."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, WebSocket

from ekiben.gateway.accounting import Accounting
from ekiben.gateway.admission import Admission
from ekiben.gateway.call import Call, call_of
from ekiben.gateway.images.socket import ImageSocket
from ekiben.gateway.images.socket_door import let_in
from ekiben.gateway.state import GatewayState

_PATH: Final = "/v1/images/stream"


def router(gateway: GatewayState) -> APIRouter:
    """The route over this gateway."""
    routes = APIRouter()
    accounting = Accounting(gateway.metrics)
    # Apart from requests: a drain waits for those, not for sockets that say nothing.
    places = Admission(gateway.settings.max_in_flight, "WebSockets are open")

    @routes.websocket(_PATH)
    async def stream_images(socket: WebSocket) -> None:
        opened = call_of(socket)
        opened.read_headers(socket)

        def account(call: Call, status: int) -> None:
            accounting.write(socket.scope, call, _PATH, status)

        with places.admitted(), gateway.metrics.sockets.track_inprogress():
            await let_in(gateway, socket, opened)
            await ImageSocket(gateway, socket, opened, account).serve()

    return routes

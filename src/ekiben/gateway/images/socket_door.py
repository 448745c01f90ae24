"""Who may open a WebSocket: whoever has a key, from a page of this server's own or from none.

Browsers let a page set no header of a WebSocket. A page offers its key as a subprotocol instead, beside the one that is
really spoken: `new WebSocket(url, ["ekiben.images", "ekiben.key." + key])`. A URL would end up in logs and histories.
"""

from __future__ import annotations

from typing import Final

from starlette.websockets import WebSocket

from ekiben.errors import InvalidRequest, ShuttingDown
from ekiben.gateway.call import Call
from ekiben.gateway.origin import check_origin
from ekiben.gateway.state import GatewayState
from ekiben.policy.principals import Principal

PROTOCOL: Final = "ekiben.images"
KEY_PREFIX: Final = "ekiben.key."


async def let_in(gateway: GatewayState, socket: WebSocket, call: Call) -> None:
    """Accept the socket; the call then says who it is.

    Raises:
        PermissionDenied: A page elsewhere asks, or others could and there are no keys.
        Unauthenticated: Keys are on and none that is known was given.
        InvalidRequest: Subprotocols are offered and ours is not among them.
        ShuttingDown: Nothing new is taken.
    """
    check_origin(socket, gateway.settings.allowed_origins)
    call.principal = principal_of(gateway, socket)
    if gateway.admission.draining:
        raise ShuttingDown("this server is shutting down; another one will take the request.", retry_after_s=1)
    offered: list[str] = socket.scope["subprotocols"]
    if offered and PROTOCOL not in offered:
        # The answer has to name one of them, and must not repeat a key.
        raise InvalidRequest(f"offer the subprotocol {PROTOCOL} too.", param="sec-websocket-protocol")
    await socket.accept(PROTOCOL if offered else None)


def principal_of(gateway: GatewayState, socket: WebSocket) -> Principal:
    """Who is at the other end.

    Raises:
        Unauthenticated: Keys are on and none that is known was given.
        PermissionDenied: There are no keys, and others could ask.
    """
    return gateway.authentication.principal(socket, _authorization(socket))


def _authorization(socket: WebSocket) -> str | None:
    keys = (offer.removeprefix(KEY_PREFIX) for offer in socket.scope["subprotocols"] if offer.startswith(KEY_PREFIX))
    key = next(keys, None)
    return None if key is None else f"Bearer {key}"

"""The gateway's private door, a Unix socket for the supervisor: how it is, and when to drain."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ekiben.gateway.state import GatewayState

# Served names hold no underscore, so that no model's socket is taken for this one.
CONTROL_NAME = "_gateway"


def build_control(gateway: GatewayState) -> Starlette:
    """The control app over this gateway."""

    async def status(_: Request) -> Response:
        return JSONResponse(
            {
                # A model server elsewhere that is away is no reason to give up what is here.
                "ready": not gateway.admission.draining and not gateway.gone,
                "draining": gateway.admission.draining,
                "in_flight": gateway.admission.in_flight,
                "missing": gateway.gone,
            }
        )

    async def drain(_: Request) -> Response:
        finished = await gateway.admission.drain(gateway.settings.drain_timeout_s)
        return JSONResponse({"finished": finished, "in_flight": gateway.admission.in_flight})

    return Starlette(routes=[Route("/status", status), Route("/drain", drain, methods=["POST"])])

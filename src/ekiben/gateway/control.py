"""The gateway's private door, a Unix socket for this user: how it is, when to drain, what to load, what is wanted."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ekiben.errors import EkibenError
from ekiben.gateway.loading import load, unload
from ekiben.gateway.state import GatewayState
from ekiben.schemas.needs import AllNeeds
from ekiben.worker.http import error_response

# Served names hold no underscore, so that no model's socket is taken for this one.
CONTROL_NAME = "_gateway"


def build_control(gateway: GatewayState, needs: Callable[[], AllNeeds]) -> Starlette:
    """The control app over this gateway.

    Args:
        gateway: What the routes share.
        needs: Says how many replicas of each model there should be, and why.
    """

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

    async def needed(_: Request) -> Response:
        return JSONResponse(needs().model_dump())

    async def load_model(request: Request) -> Response:
        return JSONResponse({"workers": await load(gateway, request.path_params["model"])})

    async def unload_model(request: Request) -> Response:
        return JSONResponse({"workers": await unload(gateway, request.path_params["model"])})

    async def failed(_: Request, error: Exception) -> Response:
        assert isinstance(error, EkibenError)  # noqa: S101 - registered for this class alone
        return error_response(error, None)

    routes = [
        Route("/status", status),
        Route("/drain", drain, methods=["POST"]),
        Route("/needs", needed),
        Route("/models/{model}/load", load_model, methods=["POST"]),
        Route("/models/{model}/unload", unload_model, methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={EkibenError: failed})

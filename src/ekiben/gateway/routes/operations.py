"""Liveness, readiness, health and metrics."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from ekiben.errors import ShuttingDown, Unavailable
from ekiben.gateway.call import call_of
from ekiben.gateway.documents import ERROR_RESPONSES, model_response
from ekiben.gateway.flow import authenticate
from ekiben.gateway.health import report
from ekiben.gateway.scrape import exposition
from ekiben.gateway.state import GatewayState
from ekiben.schemas.errors import ErrorResponse
from ekiben.schemas.health import HealthReport

_NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"model": ErrorResponse, "description": "Draining, or a worker is gone."}
}


def router(gateway: GatewayState) -> APIRouter:
    """The routes over this gateway; the two probes ask for no key."""
    routes = APIRouter(tags=["Operations"])

    @routes.get("/livez", summary="Liveness", response_class=PlainTextResponse)
    async def live() -> Response:
        """The gateway's event loop turns; restart it when this fails."""
        return PlainTextResponse("ok\n")

    @routes.get("/readyz", summary="Readiness", response_class=PlainTextResponse, responses=_NOT_READY)
    async def ready() -> Response:
        """Every worker of every model is there and requests are taken; send no traffic when this fails."""
        if gateway.admission.draining:
            raise ShuttingDown("draining.")
        if not gateway.ready:
            missing = gateway.fleet.missing()
            raise Unavailable("workers missing: " + ", ".join(f"{count} of {name}" for name, count in missing.items()))
        return PlainTextResponse("ok\n")

    @routes.get("/health", summary="Health by component", response_model=HealthReport, responses=ERROR_RESPONSES)
    async def health(request: Request) -> Response:
        """The state of every model and of the machine; 503 when a part is unhealthy."""
        authenticate(gateway, request, call_of(request))
        found = await report(gateway)
        return model_response(found, 503 if found.status == "unhealthy" else 200)

    @routes.get("/metrics", summary="Metrics", response_class=PlainTextResponse, responses=ERROR_RESPONSES)
    async def metrics(request: Request) -> Response:
        """Prometheus exposition of the gateway and of every worker, these labelled `worker`."""
        authenticate(gateway, request, call_of(request))
        return PlainTextResponse(await exposition(gateway), media_type="text/plain; version=0.0.4")

    return routes

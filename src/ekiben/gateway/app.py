"""Builds the gateway: routes, errors in the one shape, the edge around both."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from ekiben.gateway.direct import Direct, plain_routes
from ekiben.gateway.documentation import add_documentation
from ekiben.gateway.edge import Edge
from ekiben.gateway.routes import (
    chat_completions,
    classifications,
    completions,
    embeddings,
    files,
    image_stream,
    images,
    job_batches,
    job_results,
    job_webhooks,
    jobs,
    models,
    moderations,
    open_inference,
    operations,
    page,
)
from ekiben.gateway.state import GatewayState
from ekiben.version import __version__

_FAMILIES = (
    embeddings,
    images,
    image_stream,
    files,
    classifications,
    chat_completions,
    completions,
    moderations,
    jobs,
    job_batches,
    job_results,
    job_webhooks,
    models,
    open_inference,
    operations,
    page,
)


def build_app(gateway: GatewayState) -> ASGIApp:
    """The public ASGI app over this gateway."""
    app = FastAPI(
        title="Ekiben",
        version=__version__,
        description="Machine-learning models as production services.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if gateway.settings.docs else None,
        redirect_slashes=False,
    )
    routers = [family.router(gateway) for family in _FAMILIES]
    for router in routers:
        app.include_router(router)
    if gateway.settings.docs:
        add_documentation(app)
    # The edge turns every failure into a response; the frameworks' own handlers would answer in another shape.
    for kind in (HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, _leave_to_the_edge)
    direct = Direct(app, plain_routes(routers))
    return Edge(direct, gateway.metrics, gateway.settings.max_body_bytes)


async def _leave_to_the_edge(_: Request, failure: Exception) -> Response:
    raise failure

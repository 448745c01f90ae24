"""Builds the gateway: routes, errors in the one shape, the edge around both."""

from __future__ import annotations

from http import HTTPStatus
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from ekiben.errors import EkibenError, Internal, InvalidRequest, MethodNotAllowed, NotFound, from_payload
from ekiben.gateway.call import call_of
from ekiben.gateway.documentation import add_documentation
from ekiben.gateway.edge import Edge
from ekiben.gateway.routes import classifications, embeddings, models, open_inference, operations
from ekiben.gateway.state import GatewayState
from ekiben.worker.http import error_response

_log = structlog.get_logger("ekiben.gateway")

_FAMILIES = (embeddings, classifications, models, open_inference, operations)


def build_app(gateway: GatewayState) -> ASGIApp:
    """The public ASGI app over this gateway."""
    app = FastAPI(
        title="Ekiben",
        version=version("ekiben"),
        description="Machine-learning models as production services.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if gateway.settings.docs else None,
        redirect_slashes=False,
    )
    for family in _FAMILIES:
        app.include_router(family.router(gateway))
    if gateway.settings.docs:
        add_documentation(app)
    app.add_exception_handler(EkibenError, _on_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    # Inside Starlette's own last resort, which would answer a defect in plain text before the edge hears of it.
    app.add_middleware(Edge, metrics=gateway.metrics, max_body_bytes=gateway.settings.max_body_bytes)
    return app


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, EkibenError)  # noqa: S101 - registered for this class alone
    if isinstance(error, Internal):
        _log.error("request failed", request_id=call_of(request).request_id, exc_info=error)
    return error_response(error, call_of(request).request_id)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own refusals: unknown route, wrong method, a form that cannot be parsed."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    found: EkibenError
    if error.status_code == HTTPStatus.NOT_FOUND:
        found = NotFound(f"there is no route {request.url.path[:200]!r}.")
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        found = MethodNotAllowed(f"{request.method} is not allowed here.")
    else:
        found = from_payload(error.status_code, {"error": {"message": str(error.detail)}})
    response = error_response(found, call_of(request).request_id)
    if error.headers:
        response.headers.update(error.headers)
    return response


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    first = error.errors()[0]
    param = ".".join(str(part) for part in first["loc"][1:])
    return error_response(InvalidRequest(f"{param}: {first['msg']}", param=param), call_of(request).request_id)

"""Whatever is raised on the way becomes an error of our tree here, and nowhere else."""

from __future__ import annotations

from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ekiben.errors import EkibenError, Internal, InvalidRequest, MethodNotAllowed, NotFound, from_payload
from ekiben.worker.http import error_response


def failure_response(failure: Exception, request: Request, request_id: str) -> Response:
    """The response that a failure ends in, in the one error shape."""
    response = error_response(as_error(failure, request), request_id)
    if isinstance(failure, HTTPException) and failure.headers:
        response.headers.update(failure.headers)
    return response


def as_error(failure: Exception, request: Request) -> EkibenError:
    """The error of our tree for any exception; `Internal` for what nobody foresaw."""
    if isinstance(failure, EkibenError):
        return failure
    if isinstance(failure, HTTPException):
        return _of_starlette(failure, request)
    if isinstance(failure, RequestValidationError):
        first = failure.errors()[0]
        param = ".".join(str(part) for part in first["loc"][1:])
        return InvalidRequest(f"{param}: {first['msg']}", param=param)
    return Internal("something failed here; the log has the reason under the request id.")


def _of_starlette(failure: HTTPException, request: Request) -> EkibenError:
    """Starlette's own refusals: unknown route, wrong method."""
    if failure.status_code == HTTPStatus.NOT_FOUND:
        return NotFound(f"there is no route {request.url.path[:200]!r}.")
    if failure.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return MethodNotAllowed(f"{request.method} is not allowed here.")
    return from_payload(failure.status_code, {"error": {"message": str(failure.detail)}})

"""The one shape of every error: OpenAI's, plus the request id. `ekiben.errors` writes it."""

from __future__ import annotations

from ekiben.schemas.base import ResponseModel


class ErrorBody(ResponseModel):
    """What went wrong; `code` is stable, `param` names the request field at fault."""

    message: str
    type: str
    code: str
    param: str | None = None


class ErrorResponse(ResponseModel):
    """An error and the id that finds it in the server's log."""

    error: ErrorBody
    request_id: str | None = None

"""Errors that only a caller can meet: no answer, one that cannot be read, a package that is not installed.

Everything the server itself reports is raised as the class of `ekiben.errors` that carries its code.
"""

from __future__ import annotations

from ekiben.errors import Conflict, DeadlineExceeded, Internal, OperatorError, Unavailable


class ConnectionFailed(Unavailable):
    """The server could not be reached, or the connection broke before the answer was complete."""

    code = "connection_failed"


class RequestTimedOut(DeadlineExceeded):
    """The caller's own timeout passed before an answer came."""

    code = "request_timed_out"


class UnexpectedResponse(Internal):
    """An answer that is not one of ours: a redirect, a proxy's page, a body that cannot be read."""

    code = "unexpected_response"


class JobNotDone(Conflict):
    """A job ended without a result; `state` is how: failed, expired or cancelled."""

    code = "job_not_done"

    def __init__(self, message: str, *, job_id: str, state: str) -> None:
        super().__init__(message)
        self.job_id, self.state = job_id, state


class MissingPackageError(OperatorError):
    """A call needs a package that `pip install ekiben` alone does not bring."""

    code = "missing_package"

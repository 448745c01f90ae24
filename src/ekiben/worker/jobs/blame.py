"""Which errors are worth another attempt, and when."""

from __future__ import annotations

from ekiben.errors import DeviceOutOfMemory, EkibenError, ModelUnloaded, Overloaded
from ekiben.jobs import Fault, Problem


def fault_of(error: Exception) -> Fault:
    """What trying again can do about an error."""
    if isinstance(error, Overloaded | DeviceOutOfMemory | ModelUnloaded):
        return Fault.CAPACITY
    if isinstance(error, EkibenError) and error.status < 500:
        return Fault.PERMANENT
    return Fault.TRANSIENT


def problem_of(error: Exception) -> Problem:
    """What the job's owner is told; nothing of an error that is not written for them."""
    if isinstance(error, EkibenError):
        return Problem(code=error.code, message=error.message)
    if isinstance(error, OSError):
        return Problem(code="unavailable", message="the store of results could not be used.")
    return Problem(code="internal_error", message="the model failed; the log has the reason.")

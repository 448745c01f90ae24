"""Which errors are worth another attempt, and when."""

from __future__ import annotations

from ekiben.errors import DeviceOutOfMemory, EkibenError, Overloaded
from ekiben.jobs import Fault, Problem
from ekiben.worker.jobs.away import Away


def fault_of(error: Exception) -> Fault:
    """What trying again can do about an error."""
    if isinstance(error, Away):
        return Fault.AWAY
    if isinstance(error, Overloaded | DeviceOutOfMemory):
        return Fault.CAPACITY
    if isinstance(error, EkibenError) and error.status < 500:
        return Fault.PERMANENT
    return Fault.TRANSIENT


def problem_of(error: Exception) -> Problem:
    """What the job's owner is told; nothing of an error that is not written for them."""
    if isinstance(error, Away):
        return problem_of(error.error)
    if isinstance(error, EkibenError):
        return Problem(code=error.code, message=error.message)
    return Problem(code="internal_error", message="the model failed; the log has the reason.")

"""`Prefer: respond-async` (RFC 7240): a synchronous route that answers with a job instead."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from ekiben.gateway.call import Call
from ekiben.gateway.jobs.kinds import Prepared
from ekiben.gateway.jobs.required import required_desk
from ekiben.gateway.jobs.showing import accepted_response
from ekiben.gateway.jobs.submitting import JobAsk, submit
from ekiben.gateway.jobs.terms import fingerprint, header_terms, idempotency_key
from ekiben.gateway.state import GatewayState
from ekiben.schemas.jobs import JobView

_ASYNC: Final = "respond-async"
_APPLIED: Final = {"preference-applied": _ASYNC, "vary": "prefer"}


def prefers_job(request: Request) -> bool:
    """Whether the caller wants a job rather than to wait."""
    stated = ",".join(request.headers.getlist("prefer")).split(",")
    return any(each.partition(";")[0].strip().lower() == _ASYNC for each in stated)


async def as_job(gateway: GatewayState, request: Request, call: Call, prepared: Prepared, *said: object) -> Response:
    """Accept the checked request as a job; `said` is its body, as the caller wrote it.

    Raises:
        EkibenError: As `submit`.
    """
    desk = required_desk(gateway)
    digest = fingerprint(request.url.path, *said)
    ask = JobAsk(prepared, header_terms(call), idempotency_key(request), digest)
    with gateway.admission.admitted():
        return await accepted_response(desk, await submit(gateway, desk, call, ask), _APPLIED)


def _job_response() -> dict[int | str, dict[str, Any]]:
    headers = {"location": {"schema": {"type": "string"}, "description": "The job."}}
    described = "With `Prefer: respond-async`: the job, which is on disk."
    return {202: {"model": JobView, "description": described, "headers": headers}}


JOB_RESPONSE: Final = _job_response()

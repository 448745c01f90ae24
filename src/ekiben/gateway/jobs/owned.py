"""The job that a request names, for its owner alone."""

from __future__ import annotations

from starlette.requests import Request

from ekiben.gateway.flow import identified
from ekiben.gateway.jobs.required import required_desk
from ekiben.gateway.state import GatewayState
from ekiben.jobs import Job


async def owned_job(gateway: GatewayState, request: Request) -> Job:
    """The job whose id is in the path.

    Raises:
        JobNotFound: There is none, or it is another key's.
        Unauthenticated, PermissionDenied: See `flow.authenticate`.
        QueueUnavailable: The queue cannot be reached.
    """
    call = identified(gateway, request)
    job = await required_desk(gateway).queue.get(request.path_params["id"], call.principal.id)
    call.notes["model"] = job.model
    return job

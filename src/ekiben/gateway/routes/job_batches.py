"""`/v1/jobs/batches`: many jobs in one call, and one status for all of them."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from ekiben.gateway.call import call_of
from ekiben.gateway.documents import ERROR_RESPONSES, PlainRoute, json_body, model_response, read_json
from ekiben.gateway.flow import entered, identified
from ekiben.gateway.jobs.batches import BatchAsk, submit_batch, view_of_batch
from ekiben.gateway.jobs.blob_links import JOBS
from ekiben.gateway.jobs.reading import prepared
from ekiben.gateway.jobs.required import required_desk
from ekiben.gateway.jobs.submitting import JobAsk
from ekiben.gateway.jobs.terms import fingerprint, idempotency_key, terms_of
from ekiben.gateway.routes.jobs import CONFLICT, KEY, MAX_JOB_BYTES, job_id_parameter
from ekiben.gateway.state import GatewayState
from ekiben.jobs import new_job_id
from ekiben.schemas.jobs import JobBatchRequest, JobBatchView

_EXAMPLE: Final[dict[str, Any]] = {
    "task": "text-to-image",
    "inputs": [{"prompt": "a lighthouse at dawn"}, {"prompt": "a lighthouse at dusk"}],
}


def router(gateway: GatewayState) -> APIRouter:
    """The routes over this gateway."""
    routes = APIRouter(tags=["Jobs"], responses={**ERROR_RESPONSES, **CONFLICT}, route_class=PlainRoute)

    @routes.post(
        "/v1/jobs/batches",
        summary="Submit many jobs",
        status_code=202,
        response_model=JobBatchView,
        openapi_extra={**json_body(JobBatchRequest, _EXAMPLE), "parameters": [KEY]},
    )
    async def submit_jobs(request: Request) -> Response:
        """All inputs are checked first; then each is accepted, or refused where the queue has no room for it."""
        desk = required_desk(gateway)
        call, ask = await entered(gateway, request, lambda: _read(gateway, request))
        with gateway.admission.admitted():
            accepted = model_response(await submit_batch(gateway, desk, call, ask), 202)
        accepted.headers["location"] = f"{JOBS}/batches/{ask.batch}"
        return accepted

    @routes.get(
        "/v1/jobs/batches/{id}",
        summary="Look at a set of jobs",
        response_model=JobBatchView,
        openapi_extra=job_id_parameter(),
    )
    async def get_batch(request: Request) -> Response:
        """How many of its jobs are in which state; the jobs themselves are at `/v1/jobs?batch=…`."""
        call, desk = identified(gateway, request), required_desk(gateway)
        return model_response(view_of_batch(await desk.queue.batch(request.path_params["id"], call.principal.id)))

    return routes


async def _read(gateway: GatewayState, request: Request) -> BatchAsk:
    asked = await read_json(request, JobBatchRequest, gateway.settings.max_body_bytes, max_json_bytes=MAX_JOB_BYTES)
    call, key = call_of(request), idempotency_key(request)
    terms = terms_of(asked, call, required_desk(gateway).webhooks)
    found = [prepared(gateway, asked, dict(given), f"inputs[{index}]") for index, given in enumerate(asked.inputs)]
    digest = fingerprint(JOBS, "batches", asked.model_dump(mode="json", exclude_unset=True))
    said = sha256(f"{call.principal.id}\0{key}".encode()).hexdigest() if key else ""
    return BatchAsk(
        tuple(
            JobAsk(each, terms, f"{said}#{index}" if key else None, fingerprint(digest, index))
            for index, each in enumerate(found)
        ),
        # The same call again, after a crash half-way, goes on with the same set.
        batch=f"batch_{fingerprint(said, digest)[:32]}" if key else f"batch_{new_job_id()[4:]}",
    )

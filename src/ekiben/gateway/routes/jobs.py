"""`/v1/jobs`: submit, look, follow, cancel, retry, erase."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Send

from ekiben.errors import InvalidRequest
from ekiben.gateway.call import call_of
from ekiben.gateway.documents import ERROR_RESPONSES, PlainRoute, json_body, model_response, read_json
from ekiben.gateway.flow import entered, identified
from ekiben.gateway.jobs.following import follow, last_seen
from ekiben.gateway.jobs.listing import FILTERS, cursor_of, filter_of, limit_of
from ekiben.gateway.jobs.object_errors import object_errors
from ekiben.gateway.jobs.owned import owned_job
from ekiben.gateway.jobs.reading import prepared
from ekiben.gateway.jobs.required import required_desk
from ekiben.gateway.jobs.showing import accepted_response, view_of
from ekiben.gateway.jobs.submitting import JobAsk, submit
from ekiben.gateway.jobs.terms import fingerprint, idempotency_key, terms_of
from ekiben.gateway.origin import check_origin
from ekiben.gateway.routes.stream_schema import stream_response
from ekiben.gateway.state import GatewayState
from ekiben.jobs import retry_with_blobs
from ekiben.schemas.jobs import JobErasure, JobEventData, JobList, JobRequest, JobView
from ekiben.worker.connected import Connected

# Source images stand in it as base64.
MAX_JOB_BYTES: Final = 16 * 2**20
_EXAMPLE: Final[dict[str, Any]] = {
    "task": "text-to-image",
    "input": {"prompt": "a lighthouse at dusk", "seed": 0},
    "priority": 0,
    "metadata": {"order": "4711"},
}
CONFLICT: Final[dict[int | str, dict[str, Any]]] = {
    409: {
        **ERROR_RESPONSES[400],
        "description": "The idempotency key has another body, or the job's state forbids it.",
    },
    403: {**ERROR_RESPONSES[401], "description": "A page of another server asks, or the link is not valid any more."},
    410: {**ERROR_RESPONSES[404], "description": "It was there, and was erased or expired."},
}
_ERASE: Final[dict[str, Any]] = {"name": "erase", "in": "query", "schema": {"type": "boolean", "default": False}}
_AFTER: Final[dict[str, Any]] = {"name": "last-event-id", "in": "header", "schema": {"type": "integer"}}
KEY: Final[dict[str, Any]] = {
    "name": "idempotency-key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 255},
    "description": "The same key and body within 24 hours are the same job.",
}


def job_id_parameter(*more: dict[str, Any]) -> dict[str, Any]:
    """The `openapi_extra` of a route with a job's id in its path."""
    return {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}, *more]}


def router(gateway: GatewayState) -> APIRouter:
    """The routes over this gateway."""
    routes = APIRouter(tags=["Jobs"], responses={**ERROR_RESPONSES, **CONFLICT}, route_class=PlainRoute)

    @routes.post(
        "/v1/jobs",
        summary="Submit a job",
        status_code=202,
        response_model=JobView,
        openapi_extra={**json_body(JobRequest, _EXAMPLE), "parameters": [KEY]},
    )
    async def submit_job(request: Request) -> Response:
        """Accept work that is done later, whatever dies meanwhile: the answer comes when the job is on disk."""
        desk = required_desk(gateway)
        call, ask = await entered(gateway, request, lambda: _read(gateway, request))
        with gateway.admission.admitted():
            return await accepted_response(desk, await submit(gateway, desk, call, ask))

    @routes.get("/v1/jobs", summary="List jobs", response_model=JobList, openapi_extra={"parameters": FILTERS})
    async def list_jobs(request: Request) -> Response:
        """The caller's jobs, newest first; a page may have fewer than `limit` and yet have a `next`."""
        call, desk = identified(gateway, request), required_desk(gateway)
        query = request.query_params
        wanted = filter_of(query, call.principal.id)
        page = await desk.queue.page(wanted, after=cursor_of(query), limit=limit_of(query))
        return model_response(JobList(data=[view_of(job) for job in page.jobs], next=page.next or None))

    @routes.delete(
        "/v1/jobs", summary="Erase all jobs", response_model=JobErasure, openapi_extra={"parameters": [_ERASE]}
    )
    async def erase_jobs(request: Request) -> Response:
        """Erase every job of the caller's key, whatever its state, with inputs, previews and results."""
        call = identified(gateway, request)
        if not _erases(request):
            raise InvalidRequest("say erase=true to erase all jobs; one is cancelled by its id.", param="erase")
        desk = required_desk(gateway)
        with object_errors():
            erased = await desk.erasure.erase_principal(call.principal.id)
        return model_response(JobErasure(erased=erased))

    @routes.get("/v1/jobs/{id}", summary="Look at a job", response_model=JobView, openapi_extra=job_id_parameter())
    async def get_job(request: Request) -> Response:
        """State, position, progress, attempts, timings, cost."""
        return model_response(view_of(await owned_job(gateway, request)))

    @routes.delete(
        "/v1/jobs/{id}",
        summary="Cancel or erase a job",
        response_model=JobView,
        responses={204: {"description": "Erased."}},
        openapi_extra=job_id_parameter(_ERASE),
    )
    async def cancel_job(request: Request) -> Response:
        """A queued job never runs, a running one stops within a step; with `erase=true` nothing is left of it."""
        job, desk = await owned_job(gateway, request), required_desk(gateway)
        if _erases(request):
            with object_errors():
                await desk.erasure.erase_job(job.id)
            return Response(status_code=204)
        await desk.queue.cancel(job.id)
        return model_response(view_of(await desk.queue.get(job.id)))

    @routes.post(
        "/v1/jobs/{id}/retry",
        summary="Do a job again",
        status_code=202,
        response_model=JobView,
        openapi_extra=job_id_parameter(),
    )
    async def retry_job(request: Request) -> Response:
        """A new job like one that failed, expired or was cancelled; asked again, the same new one."""
        check_origin(request, gateway.settings.allowed_origins)  # A browser asks no question before a bare POST.
        job, desk = await owned_job(gateway, request), required_desk(gateway)
        with gateway.admission.admitted(), object_errors():
            accepted = await retry_with_blobs(desk.queue, desk.blobs, job.id)
        return await accepted_response(desk, accepted)

    @routes.get(
        "/v1/jobs/{id}/events",
        summary="Follow a job",
        responses={200: stream_response(JobEventData, ends_with_done=False)},
        openapi_extra=job_id_parameter(_AFTER),
    )
    async def follow_job(request: Request) -> Response:
        """Everything that happens to it, as server-sent events, until it has ended; resumable by `Last-Event-ID`."""
        job, desk = await owned_job(gateway, request), required_desk(gateway)
        after, call = last_seen(request), call_of(request)

        async def work(send: Send) -> None:
            await follow(gateway, desk, call, job.id, after, send)

        return Connected(work)

    return routes


async def _read(gateway: GatewayState, request: Request) -> JobAsk:
    asked = await read_json(request, JobRequest, gateway.settings.max_body_bytes, max_json_bytes=MAX_JOB_BYTES)
    found = prepared(gateway, asked, dict(asked.input), "input")
    digest = fingerprint("/v1/jobs", asked.model_dump(mode="json", exclude_unset=True))
    terms = terms_of(asked, call_of(request), required_desk(gateway).webhooks)
    return JobAsk(found, terms, idempotency_key(request), digest)


def _erases(request: Request) -> bool:
    stated = request.query_params.get("erase", "false").lower()
    if stated not in ("true", "false"):
        raise InvalidRequest("erase must be true or false.", param="erase")
    return stated == "true"

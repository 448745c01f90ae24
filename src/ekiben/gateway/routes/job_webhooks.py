"""`/v1/jobs/{id}/webhook`: what became of a job's webhook, and sending it once more."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from ekiben.gateway.documents import ERROR_RESPONSES, PlainRoute, model_response
from ekiben.gateway.jobs.owned import owned_job
from ekiben.gateway.jobs.required import required_desk
from ekiben.gateway.origin import check_origin
from ekiben.gateway.routes.jobs import CONFLICT, job_id_parameter
from ekiben.gateway.state import GatewayState
from ekiben.jobs import Job
from ekiben.schemas.jobs import WebhookAttempt, WebhookLog


def router(gateway: GatewayState) -> APIRouter:
    """The routes over this gateway."""
    routes = APIRouter(tags=["Jobs"], responses={**ERROR_RESPONSES, **CONFLICT}, route_class=PlainRoute)

    @routes.get(
        "/v1/jobs/{id}/webhook",
        summary="Look at a job's webhook",
        response_model=WebhookLog,
        openapi_extra=job_id_parameter(),
    )
    async def get_webhook(request: Request) -> Response:
        """Every attempt to send it, and when the next one is due."""
        return model_response(await _log(gateway, await owned_job(gateway, request)))

    @routes.post(
        "/v1/jobs/{id}/webhook/replay",
        summary="Send a job's webhook again",
        status_code=202,
        response_model=WebhookLog,
        openapi_extra=job_id_parameter(),
    )
    async def replay_webhook(request: Request) -> Response:
        """The same bytes under the same id, now, and then as often as the first time."""
        check_origin(request, gateway.settings.allowed_origins)  # A browser asks no question before a bare POST.
        job = await owned_job(gateway, request)
        await required_desk(gateway).deliveries.replay(job.id)
        return model_response(await _log(gateway, job), 202)

    return routes


async def _log(gateway: GatewayState, job: Job) -> WebhookLog:
    found = await required_desk(gateway).deliveries.log(job.id)
    return WebhookLog(
        job=job.id,
        url=job.specification.webhook,
        due=None if found.due_ms is None else found.due_ms / 1_000,
        attempts=[
            WebhookAttempt(
                attempt=each.attempt,
                at=each.at_ms / 1_000,
                duration_ms=each.duration_ms,
                status=each.status,
                error=each.error,
            )
            for each in found.attempts
        ],
    )

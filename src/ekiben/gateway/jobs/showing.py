"""A job as JSON."""

from __future__ import annotations

from starlette.responses import Response

from ekiben.gateway.documents import model_response
from ekiben.gateway.jobs.blob_links import JOBS
from ekiben.gateway.jobs.desk import JobDesk
from ekiben.jobs import Accepted, Job, State
from ekiben.schemas.jobs import JobCost, JobLinks, JobProblem, JobProgress, JobTimings, JobView


def view_of(job: Job) -> JobView:
    """What its owner is told."""
    problem, reason, progress = job.problem, job.reason, job.progress
    return JobView(
        id=job.id,
        task=job.specification.task,
        model=job.model,
        state=job.state.value,
        priority=job.priority,
        position=job.place,
        attempts=job.attempts,
        max_attempts=job.max_attempts,
        cancelling=job.cancelling and not job.state.terminal,
        progress=JobProgress(step=progress.step, of=progress.of) if progress else None,
        timings=_timings(job),
        cost=JobCost(device_s=round(job.cost.device_s, 3), steps=job.cost.steps),
        problem=JobProblem(code=problem.code, message=problem.message) if problem else None,
        reason=reason.value if reason else None,
        metadata=job.specification.metadata,
        webhook=job.specification.webhook,
        batch=job.batch,
        retry_of=job.retry_of,
        retried_as=job.retried_as,
        links=_links(job),
    )


async def accepted_response(desk: JobDesk, accepted: Accepted, headers: dict[str, str] | None = None) -> Response:
    """202, where the job is, and the job."""
    response = model_response(view_of(await desk.queue.get(accepted.id)), 202)
    response.headers.update({"location": f"{JOBS}/{accepted.id}", **(headers or {})})
    if accepted.known:
        response.headers["idempotent-replayed"] = "true"
    return response


def _timings(job: Job) -> JobTimings:
    times = job.timings
    return JobTimings(
        created_at=times.created_ms / 1_000,
        not_before=_seconds(times.not_before_ms),
        deadline=_seconds(times.deadline_ms),
        started_at=_seconds(times.started_ms),
        finished_at=_seconds(times.finished_ms),
    )


def _seconds(at_ms: int | None) -> float | None:
    return None if at_ms is None else at_ms / 1_000


def _links(job: Job) -> JobLinks:
    here = f"{JOBS}/{job.id}"
    result = f"{here}/result" if job.state is State.SUCCEEDED else None
    return JobLinks(self=here, events=f"{here}/events", result=result)

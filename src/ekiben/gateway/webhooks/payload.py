"""What a webhook says; made of what does not change any more, so that it is the same bytes every time."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from ekiben.gateway.jobs.blob_links import JOBS
from ekiben.jobs import Job, State


def payload_of(job: Job) -> bytes:
    """JSON: `type`, `timestamp` and, in `data`, the job's id, state and metadata; never what it made."""
    times = job.timings
    data = {
        "id": job.id,
        "task": job.specification.task,
        "model": job.model,
        "state": job.state.value,
        "batch": job.batch,
        "metadata": dict(sorted(job.specification.metadata.items())),
        "created_at": times.created_ms / 1_000,
        "finished_at": (times.finished_ms or 0) / 1_000,
        "problem": job.problem.model_dump() if job.problem and job.state is State.FAILED else None,
        "reason": job.reason.value if job.reason else None,
        "result": f"{JOBS}/{job.id}/result" if job.state is State.SUCCEEDED else None,
    }
    at = datetime.fromtimestamp((times.finished_ms or 0) / 1_000, UTC)
    return orjson.dumps({"type": f"job.{job.state}", "timestamp": at.isoformat(), "data": data})


def message_id(job: Job) -> str:
    """By which a receiver knows that it has heard this before."""
    return f"msg_{job.id}_{job.state}"

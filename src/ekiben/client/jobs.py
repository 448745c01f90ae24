"""`client.jobs`: what its calls send, and how they read what comes back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Unpack
from urllib.parse import quote, urlencode
from uuid import uuid4

from ekiben.client.call import Answer, Call, CallOptions, Opened
from ekiben.client.drawing import images_of
from ekiben.client.reading import schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ekiben.schemas.jobs import JobBatchView, JobErasure, JobList, JobView

JOBS = "/v1/jobs"
BATCHES = f"{JOBS}/batches"
MAX_BATCH = 1_000
_ACCEPTED = frozenset({200, 202})
_ERASED = frozenset({204})
_OWN = frozenset(CallOptions.__annotations__)
# One connection is not kept for longer; the next one goes on where it ended.
_FOLLOW_S = 24 * 3_600.0


class JobOptions(CallOptions, total=False):
    """When a job is done, and what goes with it.

    model: Served name of the model; left out: the task's first.
    deadline: After it nobody wants it any more: seconds from now, or a time with its zone.
    not_before: It does not run earlier: as `deadline`.
    webhook: An https address that is told of its end.
    metadata: Labels of your own.
    idempotency_key: The same key and job again within a day is the same job; made for you where you name none.
    """

    model: str | None
    deadline: float | datetime | None
    not_before: float | datetime | None
    webhook: str | None
    metadata: Mapping[str, str]
    idempotency_key: str | None


def submit(input: Mapping[str, Any], task: str = "text-to-image", **options: Unpack[JobOptions]) -> Call[JobView]:  # noqa: A002 - the API's own word
    """Submit a job; it is on disk when this returns.

    Args:
        input: What the task's synchronous route takes, such as `{"prompt": "a fox"}`.
        task: `text-to-image`, or another of the server's.
        **options: See `JobOptions`; and `timeout`, `priority` and `request_id`.
    """
    return _post(JOBS, {"task": task, "input": dict(input)}, options, "JobView")


def submit_batch(
    inputs: Sequence[Mapping[str, Any]], task: str = "text-to-image", **options: Unpack[JobOptions]
) -> Call[JobBatchView]:
    """Submit up to a thousand jobs at once; the answer's `items` name them, or say why one was refused.

    Args:
        inputs: As `submit` takes one.
        task: Of all of them.
        **options: Of each; see `JobOptions`.
    """
    return _post(BATCHES, {"task": task, "inputs": [dict(each) for each in inputs]}, options, "JobBatchView")


def get(job_id: str, **options: Unpack[CallOptions]) -> Call[JobView]:
    """Look at a job."""
    return Call("GET", _path(job_id), schema("jobs:JobView"), options=options)


def batch(batch_id: str, **options: Unpack[CallOptions]) -> Call[JobBatchView]:
    """Count the jobs of a set by their state."""
    return Call("GET", f"{BATCHES}/{quote(batch_id, safe='')}", schema("jobs:JobBatchView"), options=options)


def list_jobs(
    state: str | None = None,
    model: str | None = None,
    task: str | None = None,
    batch: str | None = None,
    limit: int = 50,
    after: str | None = None,
    **options: Unpack[CallOptions],
) -> Call[JobList]:
    """List your jobs, newest first; `after` is a former page's `next`."""
    wanted = {"state": state, "model": model, "task": task, "batch": batch, "limit": limit, "after": after}
    query = urlencode({name: value for name, value in wanted.items() if value is not None})
    return Call("GET", f"{JOBS}?{query}", schema("jobs:JobList"), options=options)


def cancel(job_id: str, **options: Unpack[CallOptions]) -> Call[JobView]:
    """Cancel a job: a queued one never runs, a running one stops within a step."""
    return Call("DELETE", _path(job_id), schema("jobs:JobView"), options=options)


def retry(job_id: str, **options: Unpack[CallOptions]) -> Call[JobView]:
    """Do a job again that failed, expired or was cancelled; it is a new job, the same one however often you ask."""
    return Call("POST", f"{_path(job_id)}/retry", schema("jobs:JobView"), accept=_ACCEPTED, options=options)


def erase(job_id: str, **options: Unpack[CallOptions]) -> Call[None]:
    """Erase a job with all that belongs to it, whatever its state."""
    return Call("DELETE", f"{_path(job_id)}?erase=true", lambda _: None, accept=_ERASED, options=options)


def erase_all(**options: Unpack[CallOptions]) -> Call[JobErasure]:
    """Erase every job of your key."""
    return Call("DELETE", f"{JOBS}?erase=true", schema("jobs:JobErasure"), options=options)


def result(job_id: str, **options: Unpack[CallOptions]) -> Call[Any]:
    """Fetch what a succeeded job made: `Images` where it drew, else the JSON of the task's synchronous route."""
    return Call("GET", f"{_path(job_id)}/result", _result, options=options)


def open_events(job_id: str, after: int, left_s: float) -> Call[Opened]:
    """Open a job's events behind number `after`, for so many seconds at most."""
    headers = {"last-event-id": str(after)}
    options: CallOptions = {"timeout": min(left_s, _FOLLOW_S)}
    return Call("GET", f"{_path(job_id)}/events", _as_it_is, headers=headers, stream=True, options=options)


def _post(path: str, asked: Mapping[str, Any], options: Mapping[str, Any], kind: str) -> Call[Any]:
    own: Any = {name: value for name, value in options.items() if name in _OWN}
    terms = {name: _moment(value) for name, value in options.items() if name not in _OWN and value is not None}
    # One key for all attempts: an answer that was lost does not make a second job.
    headers = {"idempotency-key": str(terms.pop("idempotency_key", None) or uuid4().hex)}
    return Call(
        "POST",
        path,
        schema(f"jobs:{kind}"),
        body={"json": {**asked, **terms}},
        headers=headers,
        accept=_ACCEPTED,
        options=own,
    )


def _moment(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _path(job_id: str) -> str:
    return f"{JOBS}/{quote(job_id, safe='')}"


def _result(answer: Answer) -> Any:
    payload = answer.json()
    drawn = payload.get("data") if "output_format" in payload else None
    return images_of(answer) if drawn and "b64_json" in drawn[0] else payload


def _as_it_is(answer: Answer) -> Opened:
    assert isinstance(answer, Opened), "a streamed call is answered with an open response"  # noqa: S101
    return answer

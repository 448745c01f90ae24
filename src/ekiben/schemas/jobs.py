"""`/v1/jobs`: work that is accepted now, done once, and fetched later."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AnyHttpUrl, AwareDatetime, Field, StrictFloat, StrictInt

from ekiben.schemas.base import RequestModel, ResponseModel

MAX_DELAY_S = 30 * 86_400
MAX_BATCH = 1_000

Task = Literal["image-classification", "text-embedding", "text-generation", "text-to-image"]
JobState = Literal["queued", "running", "succeeded", "failed", "cancelled", "expired"]
Seconds = Annotated[StrictInt | StrictFloat, Field(ge=0, le=MAX_DELAY_S)]
Moment = AwareDatetime | Seconds
Label = Annotated[str, Field(max_length=500)]


class JobTerms(RequestModel):
    """When a job is to be done, and what goes with it."""

    priority: Annotated[
        StrictInt,
        Field(ge=-10, le=10, description="Higher goes first; waiting counts too, so that nobody waits for ever."),
    ] = 0
    deadline: Annotated[
        Moment | None, Field(description="After it nobody wants it any more: seconds from now, or RFC 3339.")
    ] = None
    not_before: Annotated[
        Moment | None, Field(description="It does not run earlier: seconds from now, or RFC 3339.")
    ] = None
    webhook: Annotated[
        AnyHttpUrl | None, Field(description="Told when the job has ended; https, at a public address.")
    ] = None
    metadata: dict[Annotated[str, Field(min_length=1, max_length=64)], Label] = Field(
        default_factory=dict, max_length=16, description="The caller's own labels; not read here."
    )


class JobWish(JobTerms):
    """What one job and a set of jobs have in common."""

    task: Task
    model: Annotated[str | None, Field(min_length=1, max_length=200, description="May stand in the input instead.")] = (
        None
    )


class JobRequest(JobWish):
    """One job; `input` is the body of the synchronous route of its task."""

    input: dict[str, Any]


class JobBatchRequest(JobWish):
    """Many jobs of one task; the terms are those of each."""

    inputs: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_BATCH)]


class JobProgress(ResponseModel):
    """Step `step` of `of` is done."""

    step: int
    of: int


class JobTimings(ResponseModel):
    """When what happened, in Unix seconds by the queue's clock; null: not yet, or never asked for."""

    created_at: float
    not_before: float | None = None
    deadline: float | None = None
    started_at: float | None = None
    finished_at: float | None = None


class JobCost(ResponseModel):
    """What it has used over all attempts: seconds of a device, and steps."""

    device_s: float
    steps: int


class JobProblem(ResponseModel):
    """Why the last attempt failed, as in an error's `code` and `message`."""

    code: str
    message: str


class JobLinks(ResponseModel):
    """Where the rest is, relative to this server."""

    self: str
    events: str
    result: str | None = None


class JobView(ResponseModel):
    """A job at one moment.

    Attributes:
        position: Its place among the caller's jobs that wait for the model, from 1; 0 when it does not wait.
        attempts: Times it was begun and not handed back.
        cancelling: Whether its cancellation is on the way to its worker.
        problem: Of the last attempt that failed.
        reason: Of a failed one: `permanent`, `exhausted` its attempts, or `poison` (workers died of it).
    """

    id: str
    object: Literal["job"] = "job"
    task: str
    model: str
    state: JobState
    priority: int
    position: int
    attempts: int
    max_attempts: int
    cancelling: bool
    progress: JobProgress | None = None
    timings: JobTimings
    cost: JobCost
    problem: JobProblem | None = None
    reason: str | None = None
    metadata: dict[str, str]
    webhook: str | None = None
    batch: str | None = None
    retry_of: str | None = None
    retried_as: str | None = None
    links: JobLinks


class JobList(ResponseModel):
    """Jobs, newest first; `next` is the cursor of the next page, null at the end."""

    object: Literal["list"] = "list"
    data: list[JobView]
    next: str | None = None


class JobErasure(ResponseModel):
    """How many jobs were erased, with all that belonged to them."""

    object: Literal["job.erasure"] = "job.erasure"
    erased: int


class BatchItem(ResponseModel):
    """One input's fate: its job, or the error that it was refused with."""

    index: int
    job: str | None = None
    error: JobProblem | None = None


class JobBatchCounts(ResponseModel):
    """Jobs of a set by their state."""

    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    expired: int = 0


class JobBatchView(ResponseModel):
    """A set of jobs: how many are in which state; `done` when all have ended."""

    id: str
    object: Literal["job.batch"] = "job.batch"
    total: int
    counts: JobBatchCounts
    done: bool
    items: list[BatchItem] = Field(default_factory=list, description="In the answer to its submission alone.")


class JobEventData(ResponseModel):
    """The data of one server-sent event; its number is the event's `id`, its kind the event's name.

    Attributes:
        at: Unix seconds.
        preview: Where the picture so far is; of steps that have one.
    """

    type: str
    number: int
    at: float
    job: str
    step: int | None = None
    of: int | None = None
    preview: str | None = None
    attempt: int | None = None
    worker: str | None = None
    code: str | None = None
    message: str | None = None


class WebhookAttempt(ResponseModel):
    """One attempt to send a webhook; `status` is the receiver's, `error` why it counts as failed."""

    attempt: int
    at: float
    duration_ms: int
    status: int | None = None
    error: str | None = None


class WebhookLog(ResponseModel):
    """What became of a job's webhook; `due`, in Unix seconds, is when it is sent next."""

    object: Literal["job.webhook"] = "job.webhook"
    job: str
    url: str | None
    due: float | None
    attempts: list[WebhookAttempt]

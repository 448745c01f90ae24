"""A job as everybody outside of the queue sees it: a picture of one moment, frozen.

Times are milliseconds since 1970 by the server's clock; workers' and callers' clocks are never asked.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, JsonValue

from ekiben.jobs.states import Reason, State


class _Part(BaseModel):
    # Lenient, because an older process must be able to read what a newer one has written.
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class Pointer(_Part):
    """Where bytes lie in the object store, and what they must be."""

    key: str
    sha256: str
    size_bytes: int
    media_type: str


class Checkpoint(_Part):
    """State to go on from after `step` steps."""

    blob: Pointer
    step: int


class Progress(_Part):
    """Step `step` of `of` is done; `preview` shows it, where there is one."""

    step: int
    of: int
    preview: Pointer | None = None


class Result(_Part):
    """What came out: blobs, and a small JSON value for what is not worth one."""

    blobs: tuple[Pointer, ...] = ()
    value: JsonValue = None


class Problem(_Part):
    """Why an attempt failed: a code of `ekiben.errors` and a sentence without the caller's content."""

    code: str
    message: str


class Cost(_Part):
    """What a job has used so far, over all its attempts."""

    device_s: float = 0.0
    steps: int = 0


class Timings(_Part):
    """When what happened; None: not yet. `leased_ms` is the last lease's beginning, `started_ms` the first's."""

    created_ms: int
    not_before_ms: int | None = None
    deadline_ms: int | None = None
    started_ms: int | None = None
    leased_ms: int | None = None
    finished_ms: int | None = None


class Specification(_Part):
    """What a job is to do; written once, kept as JSON, read by workers and never by the queue itself."""

    task: str
    input: Pointer | None = None
    inline: JsonValue = None
    metadata: dict[str, str] = {}
    webhook: str | None = None


class Job(_Part):
    """Everything known of a job.

    Attributes:
        place: Its place among those of its principal that wait for the model, from 1; 0 when it does not wait.
        attempts: Leases begun and not handed back; `failures` of them ended in an error.
        crashes: Workers lost with it since its last checkpoint.
        fence: The last lease's token.
        result: Only what a succeeded job published.
        retried_as: The job that took this one's place.
        batch: The set that it was submitted with.
        verdict: What its result was judged to be, in the judge's own words.
        version: The schema its record was written with.
    """

    id: str
    model: str
    principal: str
    state: State
    specification: Specification
    priority: int = 0
    place: int = 0
    attempts: int = 0
    failures: int = 0
    crashes: int = 0
    max_attempts: int = 1
    fence: int = 0
    worker: str | None = None
    cancelling: bool = False
    progress: Progress | None = None
    checkpoint: Checkpoint | None = None
    result: Result | None = None
    problem: Problem | None = None
    reason: Reason | None = None
    cost: Cost = Cost()
    timings: Timings
    retry_of: str | None = None
    retried_as: str | None = None
    batch: str | None = None
    verdict: str | None = None
    version: int

"""What a caller hands in."""

from __future__ import annotations

import json
import secrets
from hashlib import sha256

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from ekiben.jobs.job import Pointer, Specification

MAX_INLINE_BYTES = 64 * 1024


def new_job_id() -> str:
    """An id nobody can guess; made by the submitter, so that submitting twice after a lost answer is harmless."""
    return f"job_{secrets.token_hex(16)}"


class Submission(BaseModel):
    """One job to be done.

    Attributes:
        id: Make it first where the input is stored first, since blobs lie under their job's id.
        input: Where the input lies; or `inline`, a small JSON value.
        priority: Each step counts as much as waiting for the queue's ageing period.
        work: Estimated cost in the model's unit, such as pixels × steps; fairness between principals counts it.
        delay_s: Seconds before which it does not run.
        deadline_s: Seconds from now after which nobody wants it any more.
        max_attempts: Errors after which it has failed for good; hand-backs and crashes are not errors.
        max_running: Jobs of this principal that may run at once from now on; 0: any number.
        fingerprint: Digest of what the caller said, where the rest follows from it by chance or by the clock: two
            submissions are the same when theirs are. Empty: the rest is compared.
        batch: Name of the set that it belongs to; empty: none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    id: str = Field(default_factory=new_job_id, pattern=r"^[A-Za-z0-9_-]{8,64}$")
    model: str = Field(min_length=1, max_length=200)
    task: str = Field(min_length=1, max_length=100)
    principal: str = Field(min_length=1, max_length=200)
    input: Pointer | None = None
    inline: JsonValue = None
    priority: int = Field(0, ge=-10, le=10)
    work: float = Field(1.0, gt=0, le=1e12, allow_inf_nan=False)
    delay_s: float = Field(0.0, ge=0, le=30 * 86_400)
    deadline_s: float | None = Field(None, gt=0, le=30 * 86_400)
    idempotency_key: str | None = Field(None, min_length=1, max_length=255)
    metadata: dict[str, str] = Field(default_factory=dict, max_length=16)
    webhook: str | None = Field(None, max_length=2_000)
    max_attempts: int = Field(3, ge=1, le=20)
    max_running: int = Field(0, ge=0)
    fingerprint: str = Field("", max_length=64)
    batch: str = Field("", max_length=64)

    @model_validator(mode="after")
    def _small(self) -> Submission:
        size = len(json.dumps(self.inline)) + sum(len(key) + len(value) for key, value in self.metadata.items())
        if size > MAX_INLINE_BYTES:
            raise ValueError(f"input and metadata are {size} bytes; larger than {MAX_INLINE_BYTES} belong in a blob")
        return self

    @property
    def specification(self) -> Specification:
        """The part that only workers read."""
        return Specification(
            task=self.task, input=self.input, inline=self.inline, metadata=self.metadata, webhook=self.webhook
        )

    @property
    def digest(self) -> str:
        """What must be equal for two submissions to be the same: all but the id, and where the input lies."""
        if self.fingerprint:
            return self.fingerprint
        body = self.model_dump(mode="json", exclude={"id", "idempotency_key", "fingerprint"})
        if self.input is not None:
            body["input"] = self.input.sha256
        return sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()

    @property
    def idempotency(self) -> str:
        """Name under which the queue remembers the key; each principal has keys of its own. Empty: none."""
        if self.idempotency_key is None:
            return ""
        return sha256(f"{self.principal}\0{self.idempotency_key}".encode()).hexdigest()

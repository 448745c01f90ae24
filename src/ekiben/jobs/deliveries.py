"""Webhooks that are due: leased by senders, tried again for a day, logged.

The end of a job that names a webhook and the delivery of it come into being in the same atomic step. A sender that dies
loses nothing: its lease runs out, and the webhook is sent again under the same id, which tells its receiver.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict

from ekiben.errors import JobStateConflict
from ekiben.jobs.store import Store

_LEASE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that is this sender's to send.

    Attributes:
        attempt: From 1, over all replays.
        tries: Which of them since the job ended, or since the replay was asked for.
        age_s: Seconds since the job ended, or since the replay was asked for.
    """

    job_id: str
    attempt: int
    tries: int
    age_s: float


class Attempt(BaseModel):
    """What became of one attempt; `status` is the receiver's, None where there was no answer.

    Attributes:
        at_ms: When it ended, in milliseconds since 1970 by the sender's clock.
        error: Why it counts as failed; None: delivered.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    attempt: int
    at_ms: int
    duration_ms: int
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryLog:
    """A job's attempts, oldest first, and when the next is due; None: there is none."""

    attempts: tuple[Attempt, ...]
    due_ms: int | None


class Deliveries:
    """The webhooks of one queue. Every call raises `QueueUnavailable` when the store cannot be reached."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def lease(self, most: int) -> list[Delivery]:
        """Take what is due, at most so many; it is due again after a minute unless `done` says otherwise."""
        rows = await self._store.run("delivery_lease", _LEASE_MS, most, again=False)
        return [Delivery(str(job_id), int(nth), int(tries), int(age_ms) / 1_000) for job_id, nth, tries, age_ms in rows]

    async def done(self, delivery: Delivery, attempt: Attempt, again_in_s: float | None) -> bool:
        """Log an attempt; it is tried again after so many seconds, or never.

        Returns:
            Whether the delivery was still this sender's.
        """
        again_ms = -1 if again_in_s is None else round(again_in_s * 1_000)
        told = (delivery.job_id, delivery.attempt, attempt.model_dump_json(), again_ms)
        return bool(await self._store.run("delivery_done", *told, again=False))

    async def replay(self, job_id: str) -> None:
        """Send it once more, now.

        Raises:
            JobStateConflict: The job has no webhook, or has not ended.
        """
        if not await self._store.run("delivery_replay", job_id):
            raise JobStateConflict(f"job {job_id} has no webhook that was due: none was asked for, or it has not ended")

    async def log(self, job_id: str) -> DeliveryLog:
        """What became of a job's webhook so far."""
        due, *entries = await self._store.run("delivery_log", job_id)
        return DeliveryLog(tuple(map(Attempt.model_validate_json, entries)), int(float(due)) if due else None)

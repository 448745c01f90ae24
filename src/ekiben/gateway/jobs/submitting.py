"""A job's way from a checked request into the queue.

the prompt judged ─► large input to a blob ─► on disk in the queue ─► told as it is
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import ValidationError

from ekiben.cards.card import Card
from ekiben.errors import PayloadTooLarge
from ekiben.gateway.call import Call
from ekiben.gateway.jobs.desk import JobDesk
from ekiben.gateway.jobs.kinds import Prepared
from ekiben.gateway.jobs.object_errors import object_errors
from ekiben.gateway.jobs.terms import Terms
from ekiben.gateway.state import GatewayState
from ekiben.jobs import Accepted, Pointer, Submission, new_job_id
from ekiben.jobs.blobs import put_input
from ekiben.jobs.submission import MAX_INLINE_BYTES


@dataclass(frozen=True, slots=True)
class JobAsk:
    """A checked submission.

    Attributes:
        key: The caller's idempotency key.
        fingerprint: Digest of what the caller said.
    """

    prepared: Prepared
    terms: Terms
    key: str | None
    fingerprint: str

    @property
    def card(self) -> Card:
        """The model's."""
        return self.prepared.card


async def submit(gateway: GatewayState, desk: JobDesk, call: Call, ask: JobAsk) -> Accepted:
    """Accept one job; it is on disk when this returns.

    Raises:
        ContentBlocked: The policy refuses its input.
        IdempotencyConflict: The key belongs to another body.
        QueueFull: There is no room.
        QueueNotDurable: The queue may lose what it confirms.
        Unavailable: Queue, object store or moderator cannot be reached.
    """
    judging = replace(call, route=ask.prepared.route)
    await gateway.moderator.check(judging, "input", ask.prepared.content)
    return await desk.queue.submit(await stored(desk, call, ask))


async def stored(desk: JobDesk, call: Call, ask: JobAsk, batch: str = "") -> Submission:
    """The submission, its large input stored.

    Raises:
        PayloadTooLarge: What is kept of it in the queue itself is too large.
        Unavailable: The object store cannot be reached.
    """
    prepared, job_id, pointer = ask.prepared, new_job_id(), None
    if prepared.blob is not None:
        with object_errors():
            pointer = await put_input(desk.blobs, job_id, prepared.blob, "application/octet-stream")
    try:
        return _submission(call, ask, job_id, pointer, batch)
    except ValidationError:
        # Its fields have been checked, so that it is the whole that is too large.
        raise PayloadTooLarge(
            f"input and metadata, without content, are larger than {MAX_INLINE_BYTES:,} bytes."
        ) from None


def _submission(call: Call, ask: JobAsk, job_id: str, pointer: Pointer | None, batch: str) -> Submission:
    prepared, terms = ask.prepared, ask.terms
    return Submission(
        id=job_id,
        model=prepared.card.name,
        task=prepared.card.task.value,
        principal=call.principal.id,
        input=pointer,
        inline=dict(prepared.inline),
        priority=terms.priority,
        work=prepared.work,
        delay_s=terms.delay_s,
        max_running=call.principal.max_running_jobs,
        deadline_s=terms.deadline_s,
        idempotency_key=ask.key,
        metadata=dict(terms.metadata),
        webhook=terms.webhook,
        fingerprint=ask.fingerprint,
        batch=batch,
    )

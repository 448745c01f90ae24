"""Many jobs in one call: each is accepted or refused by itself, all with one wait for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ekiben.cards.card import Card
from ekiben.errors import EkibenError
from ekiben.gateway.call import Call
from ekiben.gateway.content import Content
from ekiben.gateway.jobs.desk import JobDesk
from ekiben.gateway.jobs.submitting import JobAsk, stored
from ekiben.gateway.state import GatewayState
from ekiben.jobs import Accepted, Batch, Submission
from ekiben.schemas.jobs import BatchItem, JobBatchCounts, JobBatchView, JobProblem

_STORED_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class BatchAsk:
    """Checked submissions of one task, `inputs[0]` first, and the name of their set."""

    asks: tuple[JobAsk, ...]
    batch: str

    @property
    def card(self) -> Card:
        """The model's."""
        return self.asks[0].card


async def submit_batch(gateway: GatewayState, desk: JobDesk, call: Call, ask: BatchAsk) -> JobBatchView:
    """Accept what there is room for; all of that is on disk when this returns.

    Raises:
        EkibenError: None was accepted: why the first was not, or as `submit`.
    """
    judging = replace(call, route=ask.asks[0].prepared.route)
    await gateway.moderator.check(judging, "input", lambda: _content(ask.asks))
    outcomes = await _submitted(desk, await _stored(desk, call, ask))
    items = [_item(index, outcome) for index, outcome in enumerate(outcomes)]
    return view_of_batch(await desk.queue.batch(ask.batch), items)


async def _stored(desk: JobDesk, call: Call, ask: BatchAsk) -> list[Submission]:
    """The submissions, their large inputs stored, many at once: each waits for the disk.

    Raises:
        EkibenError: As `stored`, of the first that could not be.
    """
    gate = asyncio.Semaphore(_STORED_AT_ONCE)

    async def store(each: JobAsk) -> Submission:
        async with gate:
            return await stored(desk, call, each, ask.batch)

    found = await asyncio.gather(*map(store, ask.asks), return_exceptions=True)
    submissions = [each for each in found if isinstance(each, Submission)]
    if error := next((each for each in found if isinstance(each, BaseException)), None):
        raise error
    return submissions


async def _submitted(desk: JobDesk, submissions: Sequence[Submission]) -> list[Accepted | EkibenError]:
    """The outcome of each, in order. The first goes ahead: another body under the same key is refused as a whole.

    Raises:
        EkibenError: Why the first was not accepted.
    """
    first = await desk.queue.submit(submissions[0])
    return [first, *(await desk.queue.submit_all(submissions[1:]) if submissions[1:] else [])]


def view_of_batch(batch: Batch, items: Sequence[BatchItem] = ()) -> JobBatchView:
    """A set as JSON."""
    counts = JobBatchCounts(**{state.value: count for state, count in batch.counts.items()})
    return JobBatchView(id=batch.id, total=batch.total, counts=counts, done=batch.done, items=list(items))


def _item(index: int, outcome: Accepted | EkibenError) -> BatchItem:
    if isinstance(outcome, EkibenError):
        return BatchItem(index=index, error=JobProblem(code=outcome.code, message=outcome.message))
    return BatchItem(index=index, job=outcome.id)


def _content(asks: Sequence[JobAsk]) -> Content:
    return tuple(piece for ask in asks for piece in ask.prepared.content())

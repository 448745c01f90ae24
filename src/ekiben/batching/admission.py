"""Whether a request may join the queue; a refusal costs only the asking and says when to come back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ekiben.batching.drain import DrainRate, bounded
from ekiben.errors import DeadlineExceeded, DeadlineUnreachable, PayloadTooLarge, QueueFull

if TYPE_CHECKING:
    from ekiben.batching.latency import LatencyModel
    from ekiben.batching.limits import BatchLimits
    from ekiben.batching.pending import Pending
    from ekiben.batching.request import Request


@dataclass(frozen=True, slots=True)
class Backlog:
    """What stands between a new request and its result.

    Attributes:
        pending: The queue.
        latency: How long work takes.
        max_items: Most items in a batch.
        max_cost: Highest cost of a batch at present.
        running_s: Seconds that the batch on the device still takes.
    """

    pending: Pending
    latency: LatencyModel
    max_items: int
    max_cost: int
    running_s: float

    def seconds(self, items: int, cost: int, now: float) -> float:
        """Estimate when so many items of that cost are done, if they go next; errs low, 0 if unknown."""
        batches = max(math.ceil(items / self.max_items), math.ceil(cost / self.max_cost))
        compute_s = self.latency.predict(cost, now, batches)
        return self.running_s + compute_s if compute_s else 0.0


def check_room(request: Request, queued: int, limits: BatchLimits, drain: DrainRate) -> None:
    """Let a request in whole or not at all.

    Raises:
        PayloadTooLarge: It would not fit an empty queue.
        QueueFull: It does not fit now.
    """
    count, most = len(request.works), limits.max_queue_items
    if count > most:
        raise PayloadTooLarge(f"The request has {count} items; at most {most} are taken at once. Send fewer.")
    missing = queued + count - most
    if missing > 0:
        raise QueueFull(
            f"The queue is full: {queued} of {most} items wait, this request has {count}. Try again later.",
            retry_after_s=drain.retry_after_s(missing),
        )


def check_deadline(request: Request, due: float, cost: int, backlog: Backlog) -> None:
    """Refuse a request whose deadline has passed or cannot be met by what is known.

    The estimate counts what the device is at, the entries that go first and the request's own works, in as
    few batches as the limits allow: it errs low, so that only the hopeless is refused.

    Args:
        request: The request, its arrival being now.
        due: Its urgency, see `urgency`.
        cost: Of its works, each priced alone.
        backlog: What is ahead of it.

    Raises:
        DeadlineExceeded: The deadline has passed.
        DeadlineUnreachable: Waiting and computing take longer than the deadline allows.
    """
    now, items, left_s = request.arrival, len(request.works), request.deadline - request.arrival
    if left_s <= 0:
        raise DeadlineExceeded("The deadline had passed when the request arrived.")
    if left_s == math.inf:
        return
    pending = backlog.pending
    if backlog.seconds(len(pending) + items, pending.cost + cost, now) <= left_s:
        return  # in time even behind everyone: spares the look at who is ahead
    items_ahead, cost_ahead = pending.ahead_of(due)
    needed_s = backlog.seconds(items_ahead + items, cost_ahead + cost, now)
    if needed_s > left_s:
        raise DeadlineUnreachable(
            f"The deadline is {left_s:.3f} s away; the work ahead and the request itself take about "
            f"{needed_s:.3f} s. Allow more time or try again later.",
            retry_after_s=bounded(needed_s - left_s),
        )

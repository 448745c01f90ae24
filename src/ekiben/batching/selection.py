"""Which batch to run now: the best one around the most urgent item that ends before every member's deadline.

An item that cannot finish even if it runs alone at once is dropped. A batch too long for its anchor's
deadline is made smaller; one too long for another member's deadline is not, and that member is dropped: left
in the queue it would miss its deadline too. Two small batches never follow one another, for if every tight
deadline could shrink its batch, an overloaded device would run small batches only, fall further behind and
miss everyone's deadline. This way hurrying costs at most every other batch, and the overload is shed instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ekiben.batching.forming import Rules
    from ekiben.batching.latency import LatencyModel
    from ekiben.batching.pending import Batch, Pending
    from ekiben.batching.request import Entry


@dataclass(frozen=True, slots=True)
class Selection:
    """What to do next.

    Attributes:
        late: Entries to drop before anything runs; then select again.
        batch: What to run, if nothing is late.
        is_hurried: Whether the batch was made smaller for a deadline.
    """

    late: list[Entry]
    batch: Batch | None = None
    is_hurried: bool = False


def select(pending: Pending, rules: Rules, latency: LatencyModel, now: float, *, may_hurry: bool) -> Selection:
    """Choose the next batch from a queue; changes nothing."""
    anchor = pending.most_urgent()
    if anchor is None:
        return Selection([])
    if anchor.deadline < _end(anchor.cost, latency, now):
        return Selection([anchor])
    batch = pending.form(anchor, rules)
    is_hurried = may_hurry and anchor.deadline < _end(batch.cost, latency, now)
    if is_hurried:
        batch = pending.form(anchor, rules.within(latency.cost_within(anchor.deadline - now)))
    end = _end(batch.cost, latency, now)
    late = [entry for entry in batch.entries if entry.deadline < end]
    return Selection(late, None if late else batch, is_hurried)


def _end(cost: int, latency: LatencyModel, now: float) -> float:
    """When a batch begun now would end; just past now if that is not known: nothing takes no time."""
    return max(now + latency.predict(cost, now), math.nextafter(now, math.inf))

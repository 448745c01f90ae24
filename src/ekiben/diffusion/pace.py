"""How long work takes, learned from the steps that ran, and what that means for a deadline."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ekiben.batching.latency import LatencyModel
from ekiben.diffusion.entry import Entry
from ekiben.errors import DeadlineExceeded, DeadlineUnreachable

_SOONEST_S, _LATEST_S = 0.05, 60.0


class Pace:
    """Seconds of a denoising step and of a decode, by cost; knows nothing until some have run, and errs low."""

    def __init__(self) -> None:
        self._steps = LatencyModel()
        self._decodes = LatencyModel()

    def stepped(self, cost: int, seconds: float, now: float) -> None:
        """Learn from a step of a batch."""
        self._steps.observe(cost, seconds, now)

    def decoded(self, pixels: int, seconds: float, now: float) -> None:
        """Learn from a decode of a batch."""
        self._decodes.observe(pixels, seconds, now)

    def check(self, entry: Entry, others: Iterable[Entry], max_cost: int, now: float) -> None:
        """Refuse an entry that cannot be done by its deadline.

        Raises:
            DeadlineExceeded: The deadline has passed.
            DeadlineUnreachable: What is left of it and of its company's steps takes longer.
        """
        if entry.wishes.deadline == math.inf:
            return
        steps = entry.steps_left
        ahead = sum(other.cost * min(other.steps_left, steps) for other in others)
        needed_s = self.seconds(steps, entry.cost, ahead, max_cost, entry.request.pixels, now)
        check_deadline(entry.wishes.deadline - now, needed_s)

    def alone_s(self, entry: Entry, now: float) -> float:
        """How long an entry would take without company; 0 where too little is known."""
        return self.seconds(entry.steps_left, entry.cost, 0, max(1, entry.cost), entry.request.pixels, now)

    def seconds(self, steps: int, cost: int, cost_steps_ahead: int, max_cost: int, pixels: int, now: float) -> float:
        """How long a picture takes from here on.

        Args:
            steps: That it still has.
            cost: Of each.
            cost_steps_ahead: Cost of the steps that others take meanwhile, summed.
            max_cost: Most that a batch may cost.
            pixels: Of the picture, for decoding it.
            now: On the clock that `stepped` was told.
        """
        total = steps * cost + cost_steps_ahead
        batches = max(steps, math.ceil(total / max_cost))
        return self._steps.predict(total, now, batches) + self._decodes.predict(pixels, now)


def check_deadline(left_s: float, needed_s: float) -> None:
    """Refuse what cannot be finished in time, before anything is computed for it.

    Raises:
        DeadlineExceeded: The deadline has passed.
        DeadlineUnreachable: More time is needed than there is.
    """
    if left_s <= 0:
        raise DeadlineExceeded("The deadline had passed before the picture was begun.")
    if needed_s > left_s:
        raise DeadlineUnreachable(
            f"The deadline is {left_s:.3f} s away; the picture and those before it take about {needed_s:.3f} s. "
            "Allow more time, ask for fewer steps or try again later.",
            retry_after_s=min(max(needed_s - left_s, _SOONEST_S), _LATEST_S),
        )

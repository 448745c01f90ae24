"""The numbers of a training run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """How a network is trained.

    The learning rate rises, stays, and falls only at the end: a run can be ended at any time by letting it fall, and
    continued from what it was before.

    Attributes:
        seed: Of everything that is drawn.
        updates: Of the weights, with the decay.
        decay: How many of the last updates let the learning rate fall to nothing.
        warm_up: How many of the first let it rise.
        batch: Pictures an update.
        rate: The highest learning rate.
        weight_decay: AdamW's.
        averaging: Of the averaged weights, what an update leaves.
    """

    seed: int
    updates: int
    decay: int
    warm_up: int
    batch: int
    rate: float
    weight_decay: float
    averaging: float

    def rate_at(self, update: int) -> float:
        """The learning rate of an update, counted from 0."""
        rising = min(1.0, (update + 1) / self.warm_up)
        falling = min(1.0, (self.updates - update) / self.decay) if self.decay else 1.0
        return self.rate * min(rising, max(0.0, falling))

    def averaging_at(self, update: int) -> float:
        """What the averaged weights keep; less at the beginning, when the weights are of no use yet."""
        return min(self.averaging, (update + 1) / (update + 10))

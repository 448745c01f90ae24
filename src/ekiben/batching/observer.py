"""What the batcher tells whoever watches it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ekiben.batching.work import Timing


class Observer(Protocol):
    """Told of every event that a dashboard shows, from several threads; must not raise."""

    def queued(self, items: int) -> None:
        """Note that the queue now holds so many items."""

    def shed(self, reason: str) -> None:
        """Note that a request ended unanswered; `reason` is the error's code, or `cancelled`."""

    def batch_ran(self, items: int, cost: int, padding_share: float, compute_s: float) -> None:
        """Note that a batch came back from the device."""

    def retried(self, reason: str) -> None:
        """Note that a device call failed and is split; `reason` is `error` or `out_of_memory`."""

    def cap_changed(self, cost: int) -> None:
        """Note how much a batch may cost from now on."""

    def answered(self, timing: Timing) -> None:
        """Note that a request got its results."""


class Silence:
    """Nobody watches."""

    def queued(self, items: int) -> None:
        """Ignore."""

    def shed(self, reason: str) -> None:
        """Ignore."""

    def batch_ran(self, items: int, cost: int, padding_share: float, compute_s: float) -> None:
        """Ignore."""

    def retried(self, reason: str) -> None:
        """Ignore."""

    def cap_changed(self, cost: int) -> None:
        """Ignore."""

    def answered(self, timing: Timing) -> None:
        """Ignore."""

"""What the engine tells whoever watches it."""

from __future__ import annotations

from typing import Protocol

from ekiben.diffusion.timing import Timing


class Observer(Protocol):
    """Told of everything that a dashboard shows, from several threads; must not raise."""

    def opened(self, pictures: int) -> None:
        """Note how many pictures now wait or are being made."""

    def stepped(self, rows: int, cost: int, seconds: float) -> None:
        """Note a forward and its scheduler steps."""

    def decoded(self, pictures: int, seconds: float) -> None:
        """Note a decode."""

    def answered(self, timing: Timing) -> None:
        """Note a finished picture."""

    def ended(self, reason: str) -> None:
        """Note a picture that ended without one; `reason` is the error's code, or `cancelled`."""

    def retried(self, reason: str) -> None:
        """Note that a batch failed and is split; `reason` is `error` or `out_of_memory`."""

    def cap_changed(self, cost: int) -> None:
        """Note how much a batch may cost from now on."""


class Silence:
    """Nobody watches."""

    def opened(self, pictures: int) -> None:
        """Ignore."""

    def stepped(self, rows: int, cost: int, seconds: float) -> None:
        """Ignore."""

    def decoded(self, pictures: int, seconds: float) -> None:
        """Ignore."""

    def answered(self, timing: Timing) -> None:
        """Ignore."""

    def ended(self, reason: str) -> None:
        """Ignore."""

    def retried(self, reason: str) -> None:
        """Ignore."""

    def cap_changed(self, cost: int) -> None:
        """Ignore."""

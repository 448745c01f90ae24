"""Requests whose model is not loaded: they wait together, and share its load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ekiben.diffusion.generation import Generation, Wishes
from ekiben.errors import DeadlineExceeded, EkibenError, QueueFull


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """One of them.

    Attributes:
        submit: Hands it to an engine; raises what `Engine.submit` does.
    """

    model: str
    generation: Generation
    wishes: Wishes
    arrived: float
    submit: Callable[[], object]

    def refuse(self, error: EkibenError) -> None:
        """End it, unless its caller has gone."""
        if self.generation.future.set_running_or_notify_cancel():
            self.generation.future.set_exception(error)


class Waiting:
    """Asks in the order in which they came. Not thread-safe; the owner holds a lock.

    Args:
        max_asks: Most of them.
    """

    def __init__(self, max_asks: int) -> None:
        self._asks: list[Ask] = []
        self._max_asks = max_asks

    def __len__(self) -> int:
        return len(self._asks)

    def add(self, ask: Ask) -> None:
        """Let one in.

        Raises:
            QueueFull: No room.
        """
        if len(self._asks) >= self._max_asks:
            raise QueueFull("Too many requests wait for a model to be loaded. Try again later.", retry_after_s=1.0)
        self._asks.append(ask)

    def first(self, now: float) -> Ask | None:
        """The one that waits longest, after those who are gone or too late have left."""
        for ask in [ask for ask in self._asks if ask.generation.future.cancelled()]:
            self._asks.remove(ask)
        for ask in [ask for ask in self._asks if ask.wishes.deadline <= now]:
            self._asks.remove(ask)
            ask.refuse(DeadlineExceeded("The deadline passed before the model was loaded."))
        return self._asks[0] if self._asks else None

    def take(self, model: str | None = None) -> list[Ask]:
        """Take out all that wait for a model; for any, without one."""
        taken = [ask for ask in self._asks if model in (None, ask.model)]
        self._asks = [ask for ask in self._asks if ask not in taken]
        return taken

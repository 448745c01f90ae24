"""Sharing one device fairly between models: by device time, not by number of batches."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Start-time fair queueing: whoever has used the device least goes first.

    A model with long batches gets as many seconds as one with short batches, not as many turns. One that was
    idle starts level with the one served last: what it did not use is not saved up.
    """

    def __init__(self) -> None:
        self._used_s: dict[T, float] = {}
        self._level_s = 0.0

    def join(self, member: T) -> None:
        """Add a member."""
        self._used_s[member] = self._level_s

    def leave(self, member: T) -> None:
        """Remove a member, if it is there."""
        self._used_s.pop(member, None)

    def order(self) -> list[T]:
        """List the members, whose turn it is first; equals in the order of their last turn."""
        return sorted(self._used_s, key=lambda member: max(self._used_s[member], self._level_s))

    def used(self, member: T, seconds: float) -> None:
        """Book a member's turn."""
        if member in self._used_s:
            self._level_s = max(self._used_s.pop(member), self._level_s)
            self._used_s[member] = self._level_s + seconds  # put last, so that equals take turns

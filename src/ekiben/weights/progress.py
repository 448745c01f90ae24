"""What a pull tells whoever watches."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of every step; draws nothing itself."""

    def begin(self, label: str, total_bytes: int | None) -> None:
        """Start one file or step."""

    def advance(self, count: int) -> None:
        """Add bytes to the step begun last; negative when some have to be fetched again."""

    def note(self, text: str) -> None:
        """Say one line."""


class Silent:
    """Tells nobody."""

    def begin(self, label: str, total_bytes: int | None) -> None:
        """Do nothing."""

    def advance(self, count: int) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""

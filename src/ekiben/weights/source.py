"""The seam between a pull and the places files come from.

A source opens one file as a stream of bytes, from the start or from where a former attempt ended. What
resuming, retrying, bounding and verifying need is done once, in `ekiben.weights.download`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ekiben.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


class Interrupted(WeightsError):
    """The bytes stopped coming, or the other side is busy; trying again may help."""


@dataclass(frozen=True, slots=True)
class Body:
    """An open file.

    Attributes:
        offset: The position of the first byte that `chunks` gives: the one asked for, or 0 where the source
            begins anew.
        chunks: The bytes; raises `Interrupted` when they stop before the end.
        total_bytes: The whole file's size, where the source says it.
        validator: Names this very content (a strong ETag), so that a resumed file is not joined from two
            versions.
    """

    offset: int
    chunks: Iterator[bytes]
    total_bytes: int | None = None
    validator: str | None = None


class Source(Protocol):
    """One file at its origin."""

    def open(self, offset: int, validator: str | None) -> AbstractContextManager[Body]:
        """Begin at `offset` if the content is still what `validator` names, else at 0.

        Raises:
            Interrupted: It did not work now and may work later.
            WeightsError: It will not work: no such file, no permission, not installed.
        """

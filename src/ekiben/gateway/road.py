"""The internal protocol's calls whose answers come in parts: where they are asked, and what the parts are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from ekiben.inference.frames import Frame, frames_of
from ekiben.inference.lines import lines_of

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Road(Generic[Part]):
    """One kind of call.

    Attributes:
        path: Of the worker.
        split: The parts of an answer out of its bytes, as they come.
        is_kept: Whether a part is passed on to the caller, so that no other worker may begin anew after it.
    """

    path: str
    split: Callable[[AsyncIterator[bytes]], AsyncIterator[Part]]
    is_kept: Callable[[Part], bool]


def _is_picture(frame: Frame) -> bool:
    """Another worker draws the same picture: that its steps begin anew does no harm."""
    return frame.content.get("event") != "step"


TEXT: Final[Road[bytes]] = Road("/generate", lines_of, lambda _: True)
PICTURES: Final[Road[Frame]] = Road("/images", frames_of, _is_picture)

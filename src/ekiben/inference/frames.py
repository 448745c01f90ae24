"""Frames: a line of JSON each, and after it as many raw bytes as its `bytes` says (none where it says nothing).

Pictures travel so as they are: text would make them a third larger and cost a copy at every station.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from ekiben.errors import InvalidRequest

# Longer lines or more bytes than any frame of ours has come from something else.
MAX_LINE_BYTES: Final = 2**20
MAX_ATTACHED_BYTES: Final = 2**30


@dataclass(frozen=True, slots=True)
class Frame:
    """What a line says, and the bytes after it."""

    content: Mapping[str, Any]
    attached: bytes = b""


def encode_frame(content: Mapping[str, Any], attached: bytes = b"") -> bytes:
    """Write a frame."""
    stated = {**content, "bytes": len(attached)} if attached else content
    return orjson.dumps(stated, option=orjson.OPT_APPEND_NEWLINE) + attached


@dataclass(slots=True)
class FrameReader:
    """Frames out of bytes that come in pieces, cut anywhere."""

    _held: bytearray = field(default_factory=bytearray)
    _content: Mapping[str, Any] | None = None
    _wanted: int = 0
    _searched: int = 0

    @property
    def is_between(self) -> bool:
        """Whether nothing has begun that is not complete."""
        return self._content is None and not self._held

    def feed(self, piece: bytes) -> list[Frame]:
        """Take some bytes; returns the frames that they complete.

        Raises:
            InvalidRequest: These are no frames.
        """
        self._held += piece
        found: list[Frame] = []
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    def _next(self) -> Frame | None:
        if self._content is None and not self._read_line():
            return None
        if self._content is None or len(self._held) < self._wanted:
            return None
        frame = Frame(self._content, bytes(self._held[: self._wanted]))
        del self._held[: self._wanted]
        self._content = None
        return frame

    def _read_line(self) -> bool:
        end = self._held.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._held)
            if len(self._held) > MAX_LINE_BYTES:
                raise InvalidRequest("a frame's line is too long.")
            return False
        line = bytes(self._held[:end])
        del self._held[: end + 1]
        self._searched = 0
        self._content, self._wanted = _content_of(line)
        return True


def _content_of(line: bytes) -> tuple[Mapping[str, Any], int]:
    try:
        content = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise InvalidRequest("a frame's line is not JSON.") from None
    wanted = content.get("bytes", 0) if isinstance(content, dict) else None
    if type(wanted) is not int or not 0 <= wanted <= MAX_ATTACHED_BYTES:
        raise InvalidRequest("a frame does not say how many bytes follow.")
    return content, wanted


async def frames_of(pieces: AsyncIterator[bytes]) -> AsyncIterator[Frame]:
    """Every frame as soon as it is complete; one that breaks off is not one. Nothing is read ahead.

    Raises:
        InvalidRequest: These are no frames.
        Exception: What the pieces raise.
    """
    reader = FrameReader()
    async for piece in pieces:
        for frame in reader.feed(piece):
            yield frame

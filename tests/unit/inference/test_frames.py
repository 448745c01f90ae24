"""Frames: whole however they were cut, refused where they are none."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekiben.errors import InvalidRequest
from ekiben.inference.frames import MAX_LINE_BYTES, Frame, FrameReader, encode_frame, frames_of

FRAMES = [Frame({"event": "step"}), Frame({"event": "image", "n": 1}, b"\n{}\n\x00" * 9), Frame({"event": "end"})]


def read(frames: list[Frame]) -> list[tuple[object, bytes]]:
    return [({name: value for name, value in f.content.items() if name != "bytes"}, f.attached) for f in frames]


def wire() -> bytes:
    return b"".join(encode_frame(frame.content, frame.attached) for frame in FRAMES)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12))
def test_cut_anywhere_they_come_out_whole(sizes: list[int]) -> None:
    reader, rest, found = FrameReader(), wire(), []
    for size in sizes:
        found += reader.feed(rest[:size])
        rest = rest[size:]
    found += reader.feed(rest)
    assert reader.is_between
    assert read(found) == read(FRAMES)


def test_one_that_has_begun_is_not_over() -> None:
    reader = FrameReader()
    assert reader.feed(wire()[:-1])[:2]
    assert not reader.is_between


@pytest.mark.parametrize(
    "line", [b"x\n", b"[]\n", b'{"bytes": -1}\n', b'{"bytes": "9"}\n', b'{"bytes": 2000000000}\n', b'{"bytes": true}\n']
)
def test_what_is_no_frame_is_refused(line: bytes) -> None:
    with pytest.raises(InvalidRequest):
        FrameReader().feed(line)


def test_a_line_without_end_is_refused() -> None:
    reader = FrameReader()
    reader.feed(b"x" * MAX_LINE_BYTES)
    with pytest.raises(InvalidRequest, match="too long"):
        reader.feed(b"x")


async def test_a_stream_of_pieces() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for byte in wire():
            yield bytes([byte])

    assert read([frame async for frame in frames_of(pieces())]) == read(FRAMES)

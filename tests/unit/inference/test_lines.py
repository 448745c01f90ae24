from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ekiben.inference.lines import lines_of


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    for each in content:
        yield each


@pytest.mark.parametrize("size", [1, 2, 3, 100])
async def test_lines_are_whole_whatever_pieces_they_come_in(size: int) -> None:
    content = b"one\n\ntwo\r\nunfinished"
    cut = [content[start : start + size] for start in range(0, len(content), size)]
    assert [line async for line in lines_of(pieces(*cut))] == [b"one", b"", b"two\r"]


async def test_nothing_is_read_ahead() -> None:
    coming = pieces(b"one\ntwo\n", b"three\n")
    lines = lines_of(coming)
    assert [await anext(lines), await anext(lines)] == [b"one", b"two"]
    assert await anext(coming) == b"three\n"

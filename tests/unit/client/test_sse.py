"""Events out of pieces of bytes."""

from __future__ import annotations

import pytest

from ekiben.client.sse import EventDecoder

SENT = "data: a\n\n: a comment\n\ndata: é\ndata:  b\n\nevent: x\nid: 1\r\ndata: c\r\n\r\ndata: never ended".encode()


@pytest.mark.parametrize("size", [1, 2, 3, 7, len(SENT)])
def test_however_the_bytes_are_cut(size: int) -> None:
    decoder = EventDecoder()
    pieces = [SENT[at : at + size] for at in range(0, len(SENT), size)]
    assert [data for piece in pieces for data in decoder.feed(piece)] == ["a", "é\n b", "c"]

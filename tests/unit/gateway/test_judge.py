from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekiben.gateway.judge import cut


@given(st.text(max_size=300), st.integers(2, 40))
def test_every_phrase_shorter_than_the_overlap_stands_whole_in_a_piece(text: str, size: int) -> None:
    overlap = size // 2
    pieces = list(cut(text, size, overlap))
    assert all(len(piece) <= size for piece in pieces)
    for start in range(max(1, len(text) - overlap + 1)):
        phrase = text[start : start + overlap]
        assert any(phrase in piece for piece in pieces)


@pytest.mark.parametrize(("text", "pieces"), [("", [""]), ("abc", ["abc"]), ("abcdef", ["abcd", "cdef"])])
def test_pieces(text: str, pieces: list[str]) -> None:
    assert list(cut(text, 4, 2)) == pieces

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekiben.cards.card import Inputs
from ekiben.gateway.content import Piece
from ekiben.gateway.judge import batches, cut


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


def test_a_request_holds_no_more_than_the_card_allows() -> None:
    rows = [Piece("a" * 4), Piece("b" * 4), Piece("c" * 4), Piece(b"picture"), Piece("d"), Piece("e"), Piece("f" * 20)]
    limited = Inputs(max_items=3, max_total_characters=8)
    assert list(batches(rows, limited)) == [rows[:2], rows[2:5], rows[5:6], rows[6:]]
    assert list(batches(rows, Inputs(max_items=4))) == [rows[:4], rows[4:]]
    assert list(batches([], limited)) == []

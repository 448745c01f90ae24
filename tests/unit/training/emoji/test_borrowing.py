from __future__ import annotations

import pytest

from tests.unit.training.emoji.toys import DICTIONARY, ToyMeanings
from training.emoji.borrowing import borrow
from training.emoji.concepts import Concept


def test_words_near_to_a_concept_are_borrowed(concepts: list[Concept]) -> None:
    found = borrow(concepts, DICTIONARY, ToyMeanings(), taught={"apple", "carrot"}, most=10)
    assert {one.word: (concepts[one.concept].label, one.likeness) for one in found} == {
        "pippin": ("red apple", pytest.approx(0.85)),  # a kind of apple
        "pome": ("red apple", 0.6),  # what an apple is a kind of
        "wagon": ("automobile", pytest.approx(0.707, abs=0.1)),  # by what is said of it
    }
    assert [one.word for one in found] == ["pippin", "wagon", "pome"]


def test_no_more_than_asked_for(concepts: list[Concept]) -> None:
    assert len(borrow(concepts, DICTIONARY, ToyMeanings(), taught=(), most=1)) == 1

"""Words that no caption holds, each borrowing the looks of the concept that it is nearest to.

The dictionary's tree of kinds decides where it can (a terrier is a dog), else a sentence encoder compares what the
dictionary says of a word with the concepts' names. Of the words that are near to a concept those are kept that people
use.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from training.emoji.concepts import Concept
from training.emoji.dictionary import Dictionary
from training.emoji.words import Meanings

_LEAST_COUNT = 2
_LEAST_LIKENESS = 0.4
_FREQUENCY_WEIGHT = 0.02
# What a concept is a kind of: beside the dictionary's nearness of a word to its own kinds, and cosines of descriptions.
_KIND_OF_IT = 0.6
_WORD = re.compile(r"[a-z]{3,}")


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A word that means about the same as a concept: the concept's index, and how near they are, from 0 to 1."""

    word: str
    concept: int
    likeness: float


def borrow(
    concepts: Sequence[Concept], dictionary: Dictionary, meanings: Meanings, *, taught: Collection[str], most: int
) -> list[Borrowed]:
    """The words that concepts can be asked for with, beyond those that are taught.

    Args:
        concepts: What can be drawn.
        dictionary: Descriptions and counts.
        meanings: Embeds descriptions and names.
        taught: Words to leave out.
        most: How many; those that are nearest and most used.
    """
    words = [word for word in sorted(dictionary.senses) if _WORD.fullmatch(word) and word not in taught]
    words = [word for word in words if dictionary.counts.get(word, 0) >= _LEAST_COUNT]
    if not words:
        return []
    owned = [(index, name) for index, concept in enumerate(concepts) for name in concept.names]
    best: dict[str, Borrowed] = {}
    for one in (*_told(words, owned, dictionary, meanings), *_related(words, owned, dictionary)):
        if one.likeness > (best[one.word].likeness if one.word in best else _LEAST_LIKENESS):
            best[one.word] = one

    def worth(one: Borrowed) -> float:
        return one.likeness + _FREQUENCY_WEIGHT * math.log(dictionary.counts[one.word])

    return sorted(best.values(), key=worth, reverse=True)[:most]


def _told(
    words: Sequence[str], owned: Sequence[tuple[int, str]], dictionary: Dictionary, meanings: Meanings
) -> Iterator[Borrowed]:
    """By what the dictionary says of each sense of a word."""
    rows = [(word, sense) for word in words for sense in dictionary.senses[word]]
    names = meanings([name for _, name in owned])
    likeness, nearest = (meanings([f"{word}, {dictionary.descriptions[sense]}" for word, sense in rows]) @ names.T).max(
        1
    )
    for (word, _), value, index in zip(rows, likeness.tolist(), nearest.tolist(), strict=True):
        yield Borrowed(word, owned[index][0], round(value, 3))


def _related(words: Sequence[str], owned: Sequence[tuple[int, str]], dictionary: Dictionary) -> Iterator[Borrowed]:
    """By the tree of kinds: a kind of a concept, or what a concept is a kind of."""
    meant = {sense: index for index, name in reversed(owned) if (sense := dictionary.meaning(name))}
    wider = {kind: index for sense, index in meant.items() for kind in dictionary.kinds.get(sense, ())}
    for word in words:
        for sense, likeness in dictionary.above(word).items():
            if sense in meant:
                yield Borrowed(word, meant[sense], round(likeness, 3))
        for sense in dictionary.senses[word]:
            if sense in wider:
                yield Borrowed(word, wider[sense], _KIND_OF_IT)

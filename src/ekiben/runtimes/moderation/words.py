"""A text as words that can be compared: in every reading of their digits and signs, and joined where spelt apart.

Repeated letters are compared by their runs: `fuuuck` has the letters of `fuck`, each at least as often. A word with
fewer is another word: `as` is not `ass`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import groupby, product
from typing import Final

from ekiben.runtimes.moderation.confusables import LEET
from ekiben.runtimes.moderation.folding import fold

_SIGNS: Final = "".join(sign for sign in LEET if not sign.isdigit())
_CHARACTER: Final = rf"(?:[^\W_]|[{re.escape(_SIGNS)}])"
_WORD: Final = re.compile(rf"{_CHARACTER}+")
# Three or more characters with the same one to three signs between them: f.u.c.k, f u c k, f - u - c - k.
_SPELT: Final = re.compile(rf"(?<![^\W_]){_CHARACTER}([\W_]{{1,3}}){_CHARACTER}(?:\1{_CHARACTER})+(?![^\W_])")
# With more readings than this a word is a number or noise: it gets one.
_MAX_READINGS: Final = 16


@dataclass(frozen=True, slots=True)
class Word:
    """A word by the runs of its letters: `goood` is letters `god` and counts (1, 3, 1)."""

    letters: str
    counts: tuple[int, ...]


def word_of(text: str) -> Word:
    """The word's runs."""
    runs = [(letter, sum(1 for _ in run)) for letter, run in groupby(text)]
    return Word("".join(letter for letter, _ in runs), tuple(count for _, count in runs))


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text in all its readings; `spelt` where its letters stood apart."""

    readings: tuple[Word, ...]
    spelt: bool = False


def tokens_of(text: str) -> list[Token]:
    """The words of a text in their order."""
    return _tokens(fold(text))


def joined_tokens_of(text: str) -> list[Token]:
    """The same with the letters that stand apart joined to words; empty where there are none.

    An `i` or `a` before such letters may be a word of its own, so that they are also read without it.
    """
    folded = fold(text)
    found: list[Token] = []
    end = 0
    for match in _SPELT.finditer(folded):
        joined = "".join(_WORD.findall(match[0]))
        spelt = [*readings(joined), *(readings(joined[1:]) if joined[0] in "ia" else ())]
        found += [*_tokens(folded[end : match.start()]), Token(tuple(map(word_of, spelt)), spelt=True)]
        end = match.end()
    return [*found, *_tokens(folded[end:])] if found else []


def _tokens(folded: str) -> list[Token]:
    return [Token(tuple(map(word_of, readings(match[0])))) for match in _WORD.finditer(folded)]


def readings(word: str) -> list[str]:
    """What a folded word can be read as; digits and signs are letters only beside letters."""
    bare = word.strip(_SIGNS)
    found = [bare] if bare else []
    for candidate in (bare, word):
        if any(map(str.isalpha, candidate)) and any(character in LEET for character in candidate):
            found += _as_letters(candidate)
    return list(dict.fromkeys(found))


def _as_letters(word: str) -> list[str]:
    choices = [LEET.get(character, character) for character in word]
    if math.prod(map(len, choices)) > _MAX_READINGS:
        choices = [choice[0] for choice in choices]
    return ["".join(reading) for reading in product(*choices)]

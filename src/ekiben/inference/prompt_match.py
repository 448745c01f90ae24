"""How much of a prompt a model knows, for models that know a list of things.

A model of a small world draws something for any prompt: the nearest that it knows. Its folder can say which words it
knows, each with the thing that it stands for and how sure that is, so that callers are told instead of guessing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ekiben.errors import WeightsError

_WORDS = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_MOST_WORDS = 64
_LONGEST = 4


@dataclass(frozen=True, slots=True)
class PromptMatch:
    """What was understood of a prompt.

    Attributes:
        score: From 0 to 1: of the words that say something, the known share, each counted as sure as it is.
        things: What the known ones stand for, in their order.
        unknown: The others.
    """

    score: float
    things: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownWords:
    """What a model knows.

    Attributes:
        things: A word or some words in lower case, to the thing meant and how sure that is, from 0 to 1.
        ignored: Words that say nothing of what is to be seen.
    """

    things: Mapping[str, tuple[str, float]]
    ignored: frozenset[str] = field(default_factory=frozenset)

    def match(self, prompt: str) -> PromptMatch:
        """What of a prompt is known; of long prompts the first words are looked at."""
        words = words_of(prompt)[:_MOST_WORDS]
        sure, things, unknown, at = list[float](), list[str](), list[str](), 0
        while at < len(words):
            length, known = self._longest(words[at : at + _LONGEST])
            if known is not None:
                things.append(known[0])
                sure.append(known[1])
            elif self.ignored.isdisjoint(_forms(words[at])):
                unknown.append(words[at])
            at += length
        score = sum(sure) / (len(sure) + len(unknown)) if sure else 0.0
        return PromptMatch(round(score, 3), tuple(dict.fromkeys(things)), tuple(dict.fromkeys(unknown)))

    def _longest(self, words: list[str]) -> tuple[int, tuple[str, float] | None]:
        for length in range(len(words), 0, -1):
            phrase = " ".join(words[:length])
            known = next((self.things[form] for form in _forms(phrase) if form in self.things), None)
            if known is not None:
                return length, known
        return 1, None


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return _WORDS.findall(text.lower())


def _forms(phrase: str) -> tuple[str, ...]:
    """As it stands, and what it may be the plural of."""
    if phrase.endswith("ies"):
        return phrase, f"{phrase[:-3]}y", phrase[:-1]
    if phrase.endswith("es"):
        return phrase, phrase[:-1], phrase[:-2]
    return (phrase, phrase[:-1]) if phrase.endswith("s") else (phrase,)


def read_known_words(path: Path) -> KnownWords:
    """Read JSON: `{"things": {"feline": ["cat", 0.6], …}, "ignored": ["a", …]}`.

    Raises:
        WeightsError: It is not that.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        things = {str(words).lower(): (str(thing), float(sure)) for words, (thing, sure) in content["things"].items()}
        return KnownWords(things, frozenset(map(str, content["ignored"])))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise WeightsError(f"{path}: not a list of known words: {error}") from error

"""Words that no caption holds, and the concept that a dictionary's description of each is nearest to.

WordNet says of each sense of a word which words mean the same, what it is a kind of, and what it is. Its tree of kinds
decides where it can (a terrier is a dog), else a sentence encoder compares what is said with the concepts' names. Of
the words that are near to a concept those are kept that people use, as counted in films' subtitles.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from training.emoji.concepts import Concept
from training.emoji.words import Meanings

_SENSES = 2
_SYNONYMS, _KINDS = 4, 2
_LEAST_COUNT = 2
_LEAST_LIKENESS = 0.4
_FREQUENCY_WEIGHT = 0.02
# How sure a relation in the dictionary's own tree is, beside a cosine of descriptions.
_SAME, _A_LEVEL, _DEPTH, _KIND_OF_IT = 0.95, 0.1, 2, 0.6
_SENSE = re.compile(r"\d{8}")
_WORD = re.compile(r"[a-z]{3,}")


@dataclass(frozen=True, slots=True)
class Dictionary:
    """What is known of words.

    Attributes:
        senses: Of a noun, the most frequent ones.
        descriptions: Of a sense, without the word itself.
        kinds: Of a sense, those that it is a kind of.
        counts: How often a word was said.
    """

    senses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Sequence[str]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)

    def meaning(self, name: str) -> str | None:
        """The most frequent sense of a name of one or more words."""
        found = self.senses.get(name.replace(" ", "_"), ())
        return found[0] if found else None

    def above(self, word: str) -> dict[str, float]:
        """The senses of a word and what they are kinds of, a few levels up, each with how near it is, from 0 to 1."""
        found: dict[str, float] = {}
        level, likeness = set(self.senses.get(word, ())), _SAME
        for _ in range(_DEPTH + 1):
            found = {**dict.fromkeys(level, likeness), **found}
            level = {kind for sense in level for kind in self.kinds.get(sense, ())}
            likeness -= _A_LEVEL
        return found


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A word that means about the same as a concept: its index, and the cosine of their embeddings."""

    word: str
    concept: int
    likeness: float


def read_dictionary(wordnet: Path, counts: Path) -> Dictionary:
    """Read WordNet's nouns and a list of counted words.

    Args:
        wordnet: Its folder with `index.noun` and `data.noun`.
        counts: JSON: `[{"word": …, "count": …}, …]`.
    """
    synonyms: dict[str, list[str]] = {}
    kinds: dict[str, list[str]] = {}
    glosses: dict[str, str] = {}
    for head, gloss in (line.split(" | ", 1) for line in _lines(wordnet / "data.noun")):
        sense, *fields = head.split()
        words = int(fields[2], 16)
        pointers = fields[4 + 2 * words :]
        synonyms[sense] = [word.replace("_", " ") for word in fields[3 : 3 + 2 * words : 2]]
        kinds[sense] = [target for kind, target in zip(pointers[::4], pointers[1::4], strict=False) if kind[0] == "@"]
        glosses[sense] = gloss.strip().split('; "')[0]
    descriptions = {}
    for sense, gloss in glosses.items():
        kind = " or ".join(name for one in kinds[sense][:_KINDS] for name in synonyms[one][:_KINDS])
        descriptions[sense] = (
            ", ".join(synonyms[sense][:_SYNONYMS]) + (f", a kind of {kind}" if kind else "") + f": {gloss}"
        )
    senses = {line.split()[0]: _SENSE.findall(line)[:_SENSES] for line in _lines(wordnet / "index.noun")}
    counts_by_word: dict[str, int] = {}
    for entry in json.loads(counts.read_text(encoding="utf-8")):
        word = entry["word"].lower()
        counts_by_word[word] = max(entry["count"], counts_by_word.get(word, 0))
    return Dictionary(senses, descriptions, kinds, counts_by_word)


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
    names = meanings([name for _, name in owned])
    rows = [(word, sense) for word in words for sense in dictionary.senses[word]]
    told = meanings([f"{word}, {dictionary.descriptions[sense]}" for word, sense in rows]) @ names.T
    best: dict[str, Borrowed] = {}
    for (word, _), own in zip(rows, told, strict=True):
        value, nearest = own.max(0)
        _keep(best, Borrowed(word, owned[int(nearest)][0], round(float(value), 3)))
    meant = {dictionary.meaning(name): index for index, name in reversed(owned)}
    wider = {kind: index for sense, index in meant.items() for kind in dictionary.kinds.get(sense or "", ())}
    for word in words:
        for sense, likeness in dictionary.above(word).items():
            if sense in meant:
                _keep(best, Borrowed(word, meant[sense], round(likeness, 3)))
        for sense in dictionary.senses[word]:
            if sense in wider:
                _keep(best, Borrowed(word, wider[sense], _KIND_OF_IT))

    def worth(one: Borrowed) -> float:
        return one.likeness + _FREQUENCY_WEIGHT * math.log(dictionary.counts[one.word])

    return sorted(best.values(), key=worth, reverse=True)[:most]


def _keep(best: dict[str, Borrowed], one: Borrowed) -> None:
    """The surer of two meanings."""
    if one.likeness >= max(_LEAST_LIKENESS, best[one.word].likeness + 1e-6 if one.word in best else 0.0):
        best[one.word] = one


def _lines(path: Path) -> list[str]:
    """Without the licence at the beginning, which is indented."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("  ")]

"""A dictionary: what WordNet says of nouns and how they are related, and how often SUBTLEX heard them in films."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_SENSES = 2
_SYNONYMS, _KINDS = 4, 2
# How near two words for the same are, what each level between a word and its kind takes, and how many there may be.
_SAME, _A_LEVEL, _DEPTH = 0.95, 0.1, 2
_SENSE = re.compile(r"\d{8}")


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


def _lines(path: Path) -> list[str]:
    """Without the licence at the beginning, which is indented."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("  ")]

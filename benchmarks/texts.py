"""English-looking texts of very different length, the same for every run of the same seed."""

from __future__ import annotations

import math
import random
from typing import Final

# From a caption to a sentence as long as they get; about 130 tokens, where the model reads 256.
SHORTEST_WORDS: Final = 3
LONGEST_WORDS: Final = 100

_NOUNS_TEXT: Final = (
    "market river teacher engine island doctor village machine window letter garden station company "
    "library mountain kitchen bridge captain winter reporter student harbour museum farmer patient "
    "contract theatre airport forest neighbour judge minister painter sailor customer factory archive "
    "orchestra satellite"
)
_VERBS_TEXT: Final = (
    "found watched repaired described carried followed measured painted opened answered visited "
    "remembered ordered questioned studied protected built delivered examined rejected translated "
    "recorded"
)
_ADJECTIVES_TEXT: Final = (
    "quiet old narrow bright unusual northern careful wooden empty famous distant early broken public "
    "modern heavy private gentle frozen crowded expensive simple"
)
_PLACES_TEXT: Final = (
    "near the coast, after the storm, before sunrise, during the meeting, at the end of the year, "
    "without any warning, for the first time, in the old town, under the bridge, on the way home"
)
_NOUNS, _VERBS, _ADJECTIVES = (text.split() for text in (_NOUNS_TEXT, _VERBS_TEXT, _ADJECTIVES_TEXT))
_PLACES = _PLACES_TEXT.split(", ")
_LINKS: Final = ("and", "but", "while", "because", "although", "so")


def make_texts(count: int, seed: int = 7) -> list[str]:
    """`count` different texts; their lengths in words are spread evenly on a logarithmic scale."""
    draw = random.Random(seed)
    low, high = math.log(SHORTEST_WORDS), math.log(LONGEST_WORDS + 1)
    texts: dict[str, None] = {}
    while len(texts) < count:
        texts[_text(draw, int(math.exp(draw.uniform(low, high))))] = None
    return list(texts)


def _text(draw: random.Random, length: int) -> str:
    words: list[str] = []
    while len(words) < length:
        clause = _clause(draw)
        words += [draw.choice(_LINKS), *clause] if words and draw.random() < 0.5 else _sentence_start(words, clause)
    return " ".join(words[:length]).rstrip(",.") + "."


def _sentence_start(before: list[str], clause: list[str]) -> list[str]:
    if before:
        before[-1] += "."
    return [clause[0].capitalize(), *clause[1:]]


def _clause(draw: random.Random) -> list[str]:
    words = ["the", draw.choice(_ADJECTIVES), draw.choice(_NOUNS), draw.choice(_VERBS), "the"]
    if draw.random() < 0.4:
        words.append(draw.choice(_ADJECTIVES))
    words.append(draw.choice(_NOUNS))
    return words + draw.choice(_PLACES).split() if draw.random() < 0.5 else words

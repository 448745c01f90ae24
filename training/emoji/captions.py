"""What is said of a picture while training, and what is kept back to be asked afterwards.

Three things are kept back, each chosen by a hash so that it stays the same whatever else changes: a part of the words
for every concept, one colour of every concept that has colours, and some ways of asking.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from training.emoji.concepts import Concept
from training.emoji.recolour import COLOURS
from training.emoji.words import Meanings

TEMPLATES = (
    "{}",
    "{}",
    "{}",
    "a picture of {}",
    "an emoji of {}",
    "a 3d emoji of {}",
    "a drawing of {}",
    "an icon of {}",
    "an image of {}",
    "a cute {bare}",
    "{bare} emoji",
    "{bare}, white background",
)
HELD_OUT_TEMPLATES = (
    "please draw me {}",
    "I would like to see {}",
    "a small illustration showing {}",
    "{} in front of a plain wall",
)
_HELD_OUT_WORDS = 0.2
_LEAST_LIKENESS = 0.55
_MOST_NEIGHBOURS = 12
_EMPTY, _TAG, _NEIGHBOUR, _WITH_TAG = 0.1, 0.15, 0.1, 0.1


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words for one concept.

    Attributes:
        names: What it is called; always taught.
        tags: Words from emojibase that stand for it alone.
        neighbours: Words whose meaning is nearer to it than to any other concept.
        held_out: Tags and neighbours that are never taught.
        held_out_colour: The colour that it is never shown in; None if it has but its own.
    """

    names: tuple[str, ...]
    tags: tuple[str, ...]
    neighbours: tuple[str, ...]
    held_out: tuple[str, ...]
    held_out_colour: str | None


def collect(concepts: Sequence[Concept], colourable: Sequence[bool], meanings: Meanings) -> list[Phrases]:
    """The words for every concept."""
    found = []
    for concept, near, has_colours in zip(concepts, _neighbours(concepts, meanings), colourable, strict=True):
        found.append(
            Phrases(
                names=concept.names,
                tags=tuple(word for word in concept.tags if not _is_held_out(word)),
                neighbours=tuple(word for word in near if not _is_held_out(word)),
                held_out=tuple(dict.fromkeys(word for word in (*concept.tags, *near) if _is_held_out(word))),
                held_out_colour=_choose(concept.label, list(COLOURS)) if has_colours else None,
            )
        )
    return found


def caption(phrases: Phrases, colour: str | None, chance: random.Random) -> str:
    """One caption: mostly a name, sometimes another word, seldom nothing."""
    kind = chance.random()
    if kind < _EMPTY:
        return ""
    name = chance.choice(phrases.names)
    kind = chance.random()
    if phrases.tags and kind < _TAG:
        name = chance.choice(phrases.tags)
    elif phrases.neighbours and kind < _TAG + _NEIGHBOUR:
        name = chance.choice(phrases.neighbours)
    text = fill(chance.choice(TEMPLATES), f"{colour} {name}" if colour else name)
    if phrases.tags and colour is None and chance.random() < _WITH_TAG:
        text += ", " + chance.choice(phrases.tags)
    return text


def fill(template: str, thing: str) -> str:
    """A template with a thing, with an article where English has one."""
    return template.format(with_article(thing), bare=thing)


def with_article(thing: str) -> str:
    """`apple` to `an apple`, `grapes` to `grapes`."""
    if thing[:1].isupper() or re.search(r"[^su]s$", thing):
        return thing
    return f"{'an' if re.match(r'[aeio]|um', thing) else 'a'} {thing}"


def _neighbours(concepts: Sequence[Concept], meanings: Meanings) -> list[list[str]]:
    taught = {word for concept in concepts for word in (*concept.names, *concept.tags)} | set(COLOURS)
    words = [word for word in meanings.vocabulary() if word not in taught]
    names = [(index, name) for index, concept in enumerate(concepts) for name in concept.names]
    likeness, nearest = (meanings(words) @ meanings([name for _, name in names]).T).max(1)
    found: list[list[tuple[float, str]]] = [[] for _ in concepts]
    for word, value, name in zip(words, likeness.tolist(), nearest.tolist(), strict=True):
        if value >= _LEAST_LIKENESS:
            found[names[name][0]].append((-value, word))
    return [[word for _, word in sorted(near)[:_MOST_NEIGHBOURS]] for near in found]


def _is_held_out(word: str) -> bool:
    return _fraction(word) < _HELD_OUT_WORDS


def _choose(key: str, options: list[str]) -> str:
    return options[int(_fraction(key) * len(options))]


def _fraction(key: str) -> float:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") / 2**48

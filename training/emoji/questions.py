"""What the model is asked when it is judged; apart from the plain names, nothing of it was ever said in training."""

from __future__ import annotations

from dataclasses import dataclass

from training.emoji.captions import HELD_OUT_TEMPLATES, Phrases, fill, with_article
from training.emoji.concepts import Concept
from training.emoji.prepared import Prepared

_MOST = 128


@dataclass(frozen=True, slots=True)
class Question:
    """One prompt.

    Attributes:
        prompt: What is asked.
        concept: The index of what is meant.
        category: Of the concept.
        colour: The colour asked for, if one is.
    """

    prompt: str
    concept: int
    category: str
    colour: str | None = None


def names(prepared: Prepared) -> list[Question]:
    """Every common noun by its name."""
    return [
        Question(with_article(concept.names[0]), index, concept.category)
        for index, concept in enumerate(prepared.concepts)
        if concept.common
    ]


def unseen_ways(prepared: Prepared) -> list[Question]:
    """Common nouns, asked for in ways that no caption had."""
    found = [
        Question(fill(HELD_OUT_TEMPLATES[index % len(HELD_OUT_TEMPLATES)], concept.names[0]), index, concept.category)
        for index, concept in enumerate(prepared.concepts)
        if concept.common
    ]
    return _spread(found)


def unseen_words(prepared: Prepared) -> list[Question]:
    """For every concept that has one, a word that no caption had, of a meaning near to it."""
    found = [
        Question(with_article(phrases.held_out[0]), index, concept.category)
        for index, (concept, phrases) in enumerate(zip(prepared.concepts, prepared.phrases, strict=True))
        if phrases.held_out
    ]
    return _spread(found)


def unseen_colours(prepared: Prepared) -> list[Question]:
    """Things in the one colour that they were never shown in, the common ones first."""
    found = [
        Question(
            with_article(f"{phrases.held_out_colour} {concept.names[0]}"),
            index,
            concept.category,
            phrases.held_out_colour,
        )
        for index, (concept, phrases) in _common_first(prepared)
        if phrases.held_out_colour and len(prepared.dataset.rows[index]) > 1
    ]
    return found[:_MOST]


def _common_first(prepared: Prepared) -> list[tuple[int, tuple[Concept, Phrases]]]:
    pairs = enumerate(zip(prepared.concepts, prepared.phrases, strict=True))
    return sorted(pairs, key=lambda pair: not pair[1][0].common)


def _spread(questions: list[Question]) -> list[Question]:
    step = max(1, -(-len(questions) // _MOST))
    return questions[::step]

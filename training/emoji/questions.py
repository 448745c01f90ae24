"""What the model is asked when it is judged; apart from the plain names, nothing of it was ever said in training."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from training.emoji.captions import HELD_OUT_TEMPLATES, TEMPLATES, Phrases, fill, with_article
from training.emoji.concepts import Concept
from training.emoji.prepared import Prepared

PARAPHRASES = Path(__file__).with_name("paraphrases.txt")
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


def paraphrases(prepared: Prepared, listed: Path = PARAPHRASES) -> list[Question]:
    """Other words for common nouns, listed by hand, each with a word that no caption had."""
    said = taught_words(prepared)
    indices = {concept.label: index for index, concept in enumerate(prepared.concepts)}
    found = []
    for line in listed.read_text(encoding="utf-8").splitlines():
        label, _, words = line.partition(" = ")
        if words and not line.startswith("#"):
            unsaid = [word for word in words.split(", ") if set(word.split()) - said]
            category = prepared.concepts[indices[label]].category
            found += [Question(with_article(word), indices[label], category) for word in unsaid]
    return found


def near_words(prepared: Prepared) -> list[Question]:
    """For every concept that has one, a word kept back: a tag, or one that a sentence encoder has near to it.

    Many of these are only akin ("a raven" for a bird, "spots" for a leopard): a harder question than a paraphrase.
    """
    said = taught_words(prepared)
    found = []
    for index, (concept, phrases) in enumerate(zip(prepared.concepts, prepared.phrases, strict=True)):
        unsaid = [word for word in phrases.held_out if not said & set(word.split())]
        found += [Question(with_article(word), index, concept.category) for word in unsaid[:1]]
    return _spread(found)


def taught_words(prepared: Prepared) -> set[str]:
    """Every word that a caption may have."""
    texts = [text for one in prepared.phrases for text in (*one.names, *one.tags, *one.neighbours)]
    return {word for text in (*texts, *TEMPLATES) for word in re.findall(r"[\w-]+", text.lower())}


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

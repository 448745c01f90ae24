"""The list of what the model knows, as the server reads it to tell callers how much of a prompt was understood."""

from __future__ import annotations

import json
from pathlib import Path

from ekiben.inference.prompt_match import words_of
from training.emoji.captions import HELD_OUT_TEMPLATES, TEMPLATES
from training.emoji.prepared import Prepared
from training.emoji.recolour import COLOURS

FILE = "known_words.json"
_NAME, _TAG, _NEIGHBOUR = 1.0, 0.8, 0.7
_SMALL = ("the", "an", "on", "with", "and", "at", "in", "for", "to", "my", "your", "some", "one", "this", "that", "is")
_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_LOOKS = ("draw", "paint", "show", "photo", "art", "style", "background", "cute", "small", "big", "little", "nice")


def write_known_words(prepared: Prepared, folder: Path) -> None:
    """Write it: the surer meaning of a word where it has several; colours and small words say nothing of a thing."""
    things: dict[str, tuple[str, float]] = {}

    def know(words: str, thing: str, sure: float) -> None:
        key = " ".join(words_of(words))
        if key and sure > things.get(key, ("", 0.0))[1]:
            things[key] = (thing, round(sure, 2))

    for concept, phrases in zip(prepared.concepts, prepared.phrases, strict=True):
        for group, sure in ((phrases.names, _NAME), (phrases.tags, _TAG), (phrases.neighbours, _NEIGHBOUR)):
            for words in group:
                know(words, concept.names[0], sure)
    for one in prepared.borrowed:
        know(one.word, prepared.concepts[one.concept].names[0], one.likeness)
    said = words_of(" ".join((*TEMPLATES, *HELD_OUT_TEMPLATES, *COLOURS, *_SMALL, *_NUMBERS, *_LOOKS)))
    names = {words for words, (_, sure) in things.items() if sure == _NAME}
    ignored = sorted({word for word in said if word != "bare"} - names)
    things = {words: meant for words, meant in things.items() if words not in ignored}
    content = {"ignored": ignored, "things": dict(sorted(things.items()))}
    (folder / FILE).write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")

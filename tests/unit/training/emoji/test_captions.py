from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.unit.training.emoji.toys import ToyMeanings
from training.emoji.captions import HELD_OUT_TEMPLATES, TEMPLATES, Phrases, caption, collect, fill, with_article
from training.emoji.concepts import Concept
from training.emoji.prepared import Prepared
from training.emoji.questions import near_words, paraphrases, taught_words, unseen_colours, unseen_ways

PHRASES = Phrases(
    names=("car", "motorcar"),
    tags=("driving",),
    neighbours=("sedan",),
    held_out=("vehicle", "wheels"),
    held_out_colour="blue",
)


def _captions(phrases: Phrases, colour: str | None, count: int = 4000) -> list[str]:
    chance = random.Random(1)
    return [caption(phrases, colour, chance) for _ in range(count)]


def test_captions_say_what_is_taught_and_never_what_is_kept_back() -> None:
    said = _captions(PHRASES, None)
    assert all(any(word in text for text in said) for word in ("car", "motorcar", "driving", "sedan"))
    assert not [text for text in said if "vehicle" in text or "wheels" in text]
    assert 0.07 < said.count("") / len(said) < 0.13


def test_a_colour_stands_before_the_name() -> None:
    assert {"a red car", "a picture of a red motorcar"} <= set(_captions(PHRASES, "red"))


def test_ways_of_asking_are_kept_back() -> None:
    beginnings = {template.partition("{")[0] for template in TEMPLATES}
    assert not [template for template in HELD_OUT_TEMPLATES if template in TEMPLATES]
    assert not [template for template in HELD_OUT_TEMPLATES[:3] if template.partition("{")[0] in beginnings]


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        ("apple", "an apple"),
        ("bus", "a bus"),
        ("grapes", "grapes"),
        ("T-Rex", "T-Rex"),
        ("unicorn", "a unicorn"),
        ("umbrella", "an umbrella"),
        ("compass", "a compass"),
    ],
)
def test_articles(thing: str, said: str) -> None:
    assert with_article(thing) == said


def test_templates() -> None:
    assert fill("a cute {bare}", "owl") == "a cute owl"
    assert fill("an emoji of {}", "owl") == "an emoji of an owl"


def test_words_go_to_the_concept_they_are_nearest_to(prepared: Prepared) -> None:
    everything = [*prepared.phrases[0].neighbours, *prepared.phrases[0].held_out]
    assert "apples" in everything
    assert "house" not in everything


def test_what_is_kept_back_does_not_depend_on_the_others(concepts: list[Concept], prepared: Prepared) -> None:
    alone = collect(concepts[:1], [True], ToyMeanings())[0]
    assert alone.held_out_colour == prepared.phrases[0].held_out_colour
    assert set(alone.tags) == set(prepared.phrases[0].tags)


def test_what_is_asked_when_judged_was_never_said(prepared: Prepared) -> None:
    said = {text for phrases in prepared.phrases for text in _captions(phrases, None, 500)}
    words = taught_words(prepared)
    assert unseen_ways(prepared)
    assert not [question for question in unseen_ways(prepared) if question.prompt in said]
    assert not [question for question in near_words(prepared) if set(question.prompt.split()[-1:]) & words]
    for question in unseen_colours(prepared):
        assert prepared.phrases[question.concept].held_out_colour == question.colour


def test_paraphrases_that_were_taught_are_left_out(prepared: Prepared, tmp_path: Path) -> None:
    listed = tmp_path / "paraphrases.txt"
    listed.write_text("# comment = none\nautomobile = motorcar, limousine\n")
    assert [question.prompt for question in paraphrases(prepared, listed)] == ["a limousine"]

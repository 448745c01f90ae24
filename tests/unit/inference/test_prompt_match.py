from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.errors import WeightsError
from ekiben.inference.prompt_match import KnownWords, PromptMatch, read_known_words

KNOWN = KnownWords(
    {
        "cat": ("cat", 1.0),
        "feline": ("cat", 0.6),
        "fire truck": ("fire engine", 1.0),
        "fire": ("flame", 1.0),
        "cherry": ("cherry", 1.0),
        "box": ("box", 1.0),
    },
    frozenset({"a", "of", "picture"}),
)


@pytest.mark.parametrize(
    ("prompt", "match"),
    [
        ("A picture of a cat", PromptMatch(1.0, ("cat",))),
        ("a feline", PromptMatch(0.6, ("cat",))),
        ("cats", PromptMatch(1.0, ("cat",))),
        ("pictures of cherries and boxes", PromptMatch(0.667, ("cherry", "box"), ("and",))),
        ("a cat, a feline", PromptMatch(0.8, ("cat",))),
        ("a fire truck", PromptMatch(1.0, ("fire engine",))),
        ("fire", PromptMatch(1.0, ("flame",))),
        ("a cat of quantum mechanics", PromptMatch(0.333, ("cat",), ("quantum", "mechanics"))),
        ("quantum", PromptMatch(0.0, (), ("quantum",))),
        ("", PromptMatch(0.0)),
        ("🍎 \x00", PromptMatch(0.0)),
    ],
)
def test_what_is_understood(prompt: str, match: PromptMatch) -> None:
    assert KNOWN.match(prompt) == match


def test_a_long_prompt_is_not_read_to_its_end() -> None:
    assert len(KNOWN.match(" ".join(f"word{number}" for number in range(10_000))).unknown) == 64


def test_the_file(tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    path.write_text('{"things": {"Feline": ["cat", 0.6]}, "ignored": ["a"]}')
    assert read_known_words(path) == KnownWords({"feline": ("cat", 0.6)}, frozenset({"a"}))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"things": {"a": 1}, "ignored": []}', '{"things": [], "ignored": 1}']
)
def test_a_file_that_is_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "words.json").write_text(content)
    with pytest.raises(WeightsError, match="not a list of known words"):
        read_known_words(tmp_path / "words.json")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        read_known_words(tmp_path / "words.json")

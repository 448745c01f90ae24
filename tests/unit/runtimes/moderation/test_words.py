from __future__ import annotations

import pytest

from ekiben.runtimes.moderation.words import Word, joined_tokens_of, readings, tokens_of, word_of


def test_a_word_is_its_runs() -> None:
    assert word_of("goood") == Word("god", (1, 3, 1))
    assert word_of("") == Word("", ())


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("plain", ["plain"]),
        ("h3ll0", ["h3ll0", "hello"]),
        ("k1ll", ["k1ll", "kill", "klll"]),
        ("455", ["455"]),
        ("stop!", ["stop", "stopi"]),
        ("$hit", ["hit", "shit"]),
        ("!", []),
    ],
)
def test_readings(word: str, found: list[str]) -> None:
    assert readings(word) == found


def test_a_word_of_many_signs_is_read_once() -> None:
    assert len(readings("a" + "1" * 40)) == 2


def test_signs_end_words() -> None:
    assert [token.readings[0].letters for token in tokens_of("kill.yourself, don't")] == [
        "kil", "yourself", "don", "t",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("f u c k", ["fuck"]),
        ("so f.u.c.k it", ["so", "fuck", "it"]),
        ("k-i-l-l y-o-u", ["kil", "you"]),
        ("a b", []),
        ("I am a b normal", []),
        ("U S A and U K", ["usa", "and", "u", "k"]),
        ("nothing here", []),
    ],
)
def test_letters_that_stand_apart_are_joined(text: str, words: list[str]) -> None:
    assert [token.readings[0].letters for token in joined_tokens_of(text)] == words


def test_a_single_i_before_is_a_word_of_its_own() -> None:
    (token,) = joined_tokens_of("I f u c k")
    assert [word.letters for word in token.readings] == ["ifuck", "fuck"]

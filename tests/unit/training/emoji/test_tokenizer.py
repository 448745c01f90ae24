from __future__ import annotations

from pathlib import Path

from training.emoji.prepared import Prepared
from training.emoji.tokenizer import LENGTH, read_tokenizer, train_tokenizer


def test_every_word_that_is_taught_is_one_token(prepared: Prepared) -> None:
    tokenizer = read_tokenizer(prepared.tokenizer)
    words = {word for phrases in prepared.phrases for text in (*phrases.names, *phrases.tags) for word in text.split()}
    assert [word for word in words if len(tokenizer.tokenize(word)) != 1] == []


def test_a_caption_is_padded_with_its_end(prepared: Prepared) -> None:
    tokenizer = read_tokenizer(prepared.tokenizer)
    tokens = tokenizer("A blue apple", padding="max_length", truncation=True)["input_ids"]
    assert len(tokens) == LENGTH
    assert tokens[0] == tokenizer.bos_token_id
    assert set(tokens[4:]) == {tokenizer.eos_token_id}
    assert tokenizer.convert_ids_to_tokens(tokens[1:4]) == ["a</w>", "blue</w>", "apple</w>"]


def test_a_borrowed_word_is_one_token_and_a_part_of_a_word_is_not_one(prepared: Prepared) -> None:
    tokenizer = read_tokenizer(prepared.tokenizer)
    assert tokenizer.tokenize("A Pippin, a wagon") == ["a</w>", "pippin", ",</w>", "a</w>", "wagon"]
    assert "wagon" not in tokenizer.tokenize("wagons")


def test_anything_can_be_said(prepared: Prepared) -> None:
    tokenizer = read_tokenizer(prepared.tokenizer)
    for text in ("naïve café, 東京!", "x" * 200, "\u0000", "🍎"):
        tokens = tokenizer(text)["input_ids"]
        assert tokenizer.eos_token_id not in tokens[1:-1], text


def test_the_same_words_give_the_same_vocabulary(tmp_path: Path) -> None:
    for name in ("one", "two"):
        train_tokenizer(["apple", "car"], tmp_path / name)
    for file in ("vocab.json", "merges.txt"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()

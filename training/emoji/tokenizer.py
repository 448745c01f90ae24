"""A vocabulary of its own for CLIP's tokenizer: byte pairs merged until every word that is taught is one token.

Borrowed words are tokens that were added, as those of textual inversion are: one each, without the pieces that merging
would need.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

LENGTH = 20
"""Tokens of a caption, its begin and end among them."""

BEGIN, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"
_BORROWED = "borrowed.json"
_MOST = 20_000  # more than it takes
_WORDS = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")


def train_tokenizer(taught: Sequence[str], folder: Path) -> int:
    """Learn a vocabulary and save it as CLIP's tokenizer reads it.

    Args:
        taught: Captions' words.
        folder: Where `vocab.json` and `merges.txt` are written.

    Returns:
        The number of tokens.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    singles = [*alphabet, *(byte + WORD_END for byte in alphabet)]
    merges = _learn(taught)
    tokens = [*singles, *("".join(pair) for pair in merges), BEGIN, END]
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(vocabulary)


def write_borrowed(words: Sequence[str], folder: Path) -> None:
    """Say which words are added to the vocabulary of a folder."""
    (folder / _BORROWED).write_text(json.dumps(list(words)), encoding="utf-8")


def read_tokenizer(folder: Path) -> CLIPTokenizer:
    """The tokenizer of a folder that `train_tokenizer` and `write_borrowed` wrote."""
    tokenizer = CLIPTokenizer(
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        model_max_length=LENGTH,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=END,
        unk_token=END,
    )
    words = json.loads((folder / _BORROWED).read_text(encoding="utf-8"))
    tokenizer.add_tokens([AddedToken(word, single_word=True, normalized=True) for word in words])
    return tokenizer


def _learn(taught: Sequence[str]) -> list[tuple[str, str]]:
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix=WORD_END))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(_WORDS, "removed", invert=True), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=_MOST,
        min_frequency=1,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix=WORD_END,
        show_progress=False,
    )
    tokenizer.train_from_iterator([*taught], trainer)
    return [(first, second) for first, second in json.loads(tokenizer.to_str())["model"]["merges"]]

"""A vocabulary of its own for CLIP's tokenizer: byte pairs merged until every word that is taught is one token."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

LENGTH = 20
"""Tokens of a caption, its begin and end among them."""

BEGIN, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"
_WORDS = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")


def train_tokenizer(taught: Sequence[str], english: Sequence[str], size: int, folder: Path) -> None:
    """Learn a vocabulary and save it as CLIP's tokenizer reads it.

    Args:
        taught: Captions' words; they become tokens before any others.
        english: Further words, the most frequent first; as many become tokens as find a place.
        size: Of the vocabulary.
        folder: Where `vocab.json` and `merges.txt` are written.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    singles = [*alphabet, *(byte + WORD_END for byte in alphabet)]
    merges = _learn([*taught], english, size - len(singles) - 2)
    tokens = [*singles, *("".join(pair) for pair in merges), BEGIN, END]
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_tokenizer(folder: Path) -> CLIPTokenizer:
    """The tokenizer of a folder that `train_tokenizer` wrote."""
    return CLIPTokenizer(
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        model_max_length=LENGTH,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=END,
        unk_token=END,
    )


def _learn(taught: Sequence[str], english: Sequence[str], count: int) -> list[tuple[str, str]]:
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix=WORD_END))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(_WORDS, "removed", invert=True), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=count + 512,
        min_frequency=1,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix=WORD_END,
        show_progress=False,
    )
    lines = [" ".join([word] * 1000) for word in taught]
    lines += [" ".join([word] * max(1, 200 - rank // 100)) for rank, word in enumerate(english)]
    tokenizer.train_from_iterator(lines, trainer)
    pairs = [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]
    return [(first, second) for first, second in pairs[:count]]

"""What words mean, as all-MiniLM-L6-v2 has it: the vectors from which the text encoder's frozen table is made."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from transformers import AutoModel, AutoTokenizer

_BATCH = 256


class Meanings(Protocol):
    """Says how near words are to each other."""

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Embed words or short phrases: [n, dimensions], of length 1."""

    def vocabulary(self) -> list[str]:
        """English words, the most frequent first."""


class MiniLM:
    """Sentence embeddings by all-MiniLM-L6-v2; see `Meanings`.

    Args:
        folder: all-MiniLM-L6-v2 as sentence-transformers saves it.
    """

    def __init__(self, folder: Path) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()
        self._folder = folder

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str]) -> Tensor:
        """See `Meanings`; 384 dimensions."""
        found = []
        for start in range(0, len(texts), _BATCH):
            inputs = self._tokenizer(
                list(texts[start : start + _BATCH]), padding=True, truncation=True, max_length=32, return_tensors="pt"
            )
            mask = inputs["attention_mask"][..., None]
            states = self._model(**inputs).last_hidden_state
            found.append(torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1))
        return torch.cat(found).clone()

    def vocabulary(self) -> list[str]:
        """See `Meanings`; the order of its tokenizer's vocabulary is roughly that of frequency."""
        tokens = json.loads((self._folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
        return [token for token in sorted(tokens, key=tokens.get) if re.fullmatch(r"[a-z]{3,}", token)]

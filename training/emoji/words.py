"""What words mean, as all-MiniLM-L6-v2 has it: the vectors from which the text encoder's frozen table is made."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoModel, AutoTokenizer

_BATCH = 256


class Meanings:
    """Sentence embeddings of words and short phrases.

    Args:
        folder: all-MiniLM-L6-v2 as sentence-transformers saves it.
    """

    def __init__(self, folder: Path) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()
        self._folder = folder

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str]) -> Tensor:
        """[n, 384], of length 1."""
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
        """English words in the order of its tokenizer's vocabulary, which is roughly that of their frequency."""
        tokens = json.loads((self._folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
        return [token for token in sorted(tokens, key=tokens.get) if re.fullmatch(r"[a-z]{3,}", token)]

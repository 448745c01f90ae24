"""A small CLIP text encoder that knows what words mean before it has seen a picture.

Its table of tokens is all-MiniLM-L6-v2's embeddings of the tokens as words, reduced to the encoder's width, and stays
as it is: a word that no caption held is then near to those that mean the same. A borrowed word (`borrowing`) has the
row of what it means.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training.emoji.tokenizer import BEGIN, END, LENGTH, WORD_END
from training.emoji.words import Meanings

WIDTH = 192
_LAYERS = 2
_HEADS = 4
_NOISE = 0.1


def token_table(folder: Path, meanings: Meanings) -> Tensor:
    """A row for each token of a tokenizer's folder: [tokens, WIDTH], of mean 0 and deviation 1/2."""
    tokens = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    texts = [token.removesuffix(WORD_END) for token in tokens]
    vectors = meanings(["." if text in {BEGIN, END} else text for text in texts])
    vectors = vectors - vectors.mean(0)
    _, _, components = torch.linalg.svd(vectors, full_matrices=False)
    signs = components[:WIDTH].sum(1, keepdim=True).sign()
    reduced = vectors @ (components[:WIDTH] * signs).T
    # Pieces of words mean nothing: what they look like must not sound like a word.
    whole = torch.tensor([[1.0 if token.endswith(WORD_END) else 0.5] for token in tokens])
    table: Tensor = reduced / reduced.norm(dim=1, keepdim=True).clamp_min(1e-6) * whole * math.sqrt(WIDTH) / 2
    generator = torch.Generator().manual_seed(0)
    for token in (BEGIN, END):
        table[tokens[token]] = torch.randn(WIDTH, generator=generator) / 2
    return table


def borrowed_rows(table: Tensor, tokenizer: CLIPTokenizer, names: Sequence[str]) -> Tensor:
    """A row for each borrowed word, as the name that it stands for has it: [words, WIDTH].

    Args:
        table: [tokens, WIDTH], of the vocabulary without borrowed words.
        tokenizer: With that vocabulary.
        names: One for each word; of several tokens, their direction together.
    """
    rows = [table[tokenizer(name, add_special_tokens=False)["input_ids"]].mean(0) for name in names]
    if not rows:
        return table.new_zeros(0, table.shape[1])
    return torch.nn.functional.normalize(torch.stack(rows), dim=1) * math.sqrt(WIDTH) / 2


def make_text_encoder(table: Tensor, begin: int, end: int) -> CLIPTextModel:
    """An untrained encoder over a frozen table.

    Args:
        table: [tokens, WIDTH].
        begin: The token that a caption begins with.
        end: The one that it ends with, and is padded with.
    """
    config = CLIPTextConfig(
        vocab_size=len(table),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        max_position_embeddings=LENGTH,
        hidden_act="quick_gelu",
        bos_token_id=begin,
        eos_token_id=end,
        pad_token_id=end,
        projection_dim=WIDTH,
    )
    encoder = CLIPTextModel(config)
    embedding = encoder.get_input_embeddings()
    with torch.no_grad():
        embedding.weight.copy_(table)
    embedding.weight.requires_grad_(False)
    return encoder


class Blur:
    """Lets training see words a little displaced, so that near words give like pictures.

    The displacement is given from outside, for each thread its own, so that a run can be repeated.
    """

    def __init__(self, encoder: CLIPTextModel) -> None:
        self._noise = threading.local()
        encoder.get_input_embeddings().register_forward_hook(self._displace)

    def use(self, noise: Tensor | None) -> None:
        """Displace what this thread embeds from now on.

        Args:
            noise: [n, LENGTH, WIDTH] of deviation 1; None for no displacement.
        """
        self._noise.now = noise

    def _displace(self, _: torch.nn.Module, __: Any, found: Tensor) -> Tensor:
        noise = getattr(self._noise, "now", None)
        return found if noise is None else found + _NOISE * noise

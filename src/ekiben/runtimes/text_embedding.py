"""Sentence embeddings: a BERT-like encoder on ONNX Runtime, mean-pooled over tokens and normalised."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from ekiben.cards.card import Card
from ekiben.errors import InvalidRequest, PayloadTooLarge
from ekiben.inference.model import Item
from ekiben.inference.tensors import Signature, Tensor, Tensors, TensorSpec
from ekiben.runtimes.onnx_session import OnnxSession
from ekiben.runtimes.requests import rows_of, text_of
from ekiben.runtimes.tokenizer import load_tokenizer

# Tokenizing takes about 0.1 ms a kilobyte.
_LIGHT_BYTES: Final = 2_048


class TextEmbedding:
    """Text in, one unit vector of `inputs.dimensions` floats out.

    Args:
        card: The model card; its `inputs` section sets every limit.
        files: Folder with `model.onnx` and `tokenizer.json`.
        threads: CPU threads for the session.

    Raises:
        WeightsError: A file is missing or cannot be loaded.
    """

    def __init__(self, card: Card, files: Path, threads: int) -> None:
        self.card = card
        self._session = OnnxSession(files / "model.onnx", card.session, threads)
        self._tokenizer = load_tokenizer(files / "tokenizer.json")
        self.device = self._session.device
        self.signature = Signature(
            inputs=(TensorSpec("text", "BYTES", (-1,)),),
            outputs=(
                TensorSpec("embedding", "FP32", (-1, card.inputs.dimensions or -1)),
                TensorSpec("tokens", "INT64", (-1,)),
            ),
        )

    def is_light(self, inputs: Tensors) -> bool:
        """A few sentences."""
        return all(tensor.dtype == object and sum(map(len, tensor)) <= _LIGHT_BYTES for tensor in inputs.values())

    def prepare(self, inputs: Tensors) -> Sequence[Item]:
        """Tokenize `text`, BYTES of shape [n].

        Raises:
            InvalidRequest: Empty text, not UTF-8, or more tokens than the model reads.
        """
        _, rows = rows_of(inputs, self.signature, self.card.inputs.max_items)
        return [self._tokenize(index, text_of(row, f"input[{index}]")) for index, row in enumerate(rows)]

    def infer(self, payloads: Sequence[Any]) -> Sequence[Any]:
        """Embed a batch of token ids; returns float32 vectors of unit length."""
        ids, mask = _pad(payloads)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self._session.run({name: feed[name] for name in self._session.input_names})[0]
        return list(mean_pool(hidden, mask))

    def finish(self, items: Sequence[Item], results: Sequence[Any]) -> Tensors:
        """`embedding` FP32 [n, dimensions] and `tokens` INT64 [n], the tokens each text was priced at."""
        return {
            "embedding": np.stack(results).astype(np.float32, copy=False),
            "tokens": np.array([item.length for item in items], dtype=np.int64),
        }

    def warm_up(self) -> None:
        """One short, one long and one full batch, so that every buffer of the session exists."""
        longest = self.card.inputs.max_tokens or 128
        for length, count in ((8, 1), (longest, 1), (32, self.card.batch.max_items)):
            self.infer([np.ones(length, dtype=np.int64)] * count)

    def _tokenize(self, index: int, text: str) -> Item:
        limit = self.card.inputs.max_characters
        if limit is not None and len(text) > limit:
            raise PayloadTooLarge(
                f"input[{index}] has {len(text)} characters; the limit of {self.card.name} is {limit}.",
                param=f"input[{index}]",
            )
        ids = self._tokenizer.encode(text).ids
        most = self.card.inputs.max_tokens
        if most is not None and len(ids) > most:
            raise InvalidRequest(
                f"input[{index}] has {len(ids)} tokens; {self.card.name} reads at most {most}. Split the text.",
                param=f"input[{index}]",
            )
        return Item(np.array(ids, dtype=np.int64), length=len(ids))


def mean_pool(hidden: Tensor, mask: Tensor) -> Tensor:
    """Average the token vectors under the mask and scale to unit length.

    Args:
        hidden: float32 [n, tokens, dimensions].
        mask: int64 [n, tokens], 1 for tokens and 0 for padding.

    Returns:
        float32 [n, dimensions].
    """
    weights = mask.astype(np.float32)
    pooled = np.matmul(weights[:, None, :], hidden)[:, 0, :]
    # The sum instead of the mean: the scale is lost in the normalisation.
    norms = np.linalg.norm(pooled, axis=1, keepdims=True)
    normalised: Tensor = pooled / np.maximum(norms, 1e-12)
    return normalised


def _pad(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    longest = max(len(row) for row in rows)
    ids = np.zeros((len(rows), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return ids, mask

"""Sequence classification: a transformer on ONNX Runtime that gives a logit for each class of a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from ekiben.cards.moderation import Sequence as How
from ekiben.errors import InvalidRequest
from ekiben.inference.tensors import Tensor
from ekiben.runtimes.moderation.classifier import Prepared, Scores
from ekiben.runtimes.onnx_session import OnnxSession


class SequenceClassifier:
    """See `Classifier`.

    Args:
        how: The card's section.
        session: `input_ids`, and `attention_mask` and `token_type_ids` if it takes them, int64 [n, tokens] →
            logits float32 [n, classes].
        tokenizer: Neither pads nor cuts.
        max_tokens: The most the model reads; a longer text is refused.
    """

    def __init__(self, how: How, session: OnnxSession, tokenizer: Tokenizer, max_tokens: int | None) -> None:
        self._how, self._session, self._tokenizer, self._max_tokens = how, session, tokenizer, max_tokens

    def prepare(self, content: str) -> Prepared:
        """Tokenize; a token costs 1.

        Raises:
            InvalidRequest: More tokens than the model reads.
        """
        ids = self._tokenizer.encode(content).ids
        if self._max_tokens is not None and len(ids) > self._max_tokens:
            raise InvalidRequest(f"a text has {len(ids)} tokens; this model reads at most {self._max_tokens}.")
        return Prepared(np.array(ids, dtype=np.int64), max(1, len(ids)))

    def infer(self, payloads: Sequence[Any]) -> Sequence[Scores]:
        """Each mapped class's probability."""
        ids, mask = _pad(payloads)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        logits = self._session.run({name: feed[name] for name in self._session.input_names})[0]
        rows = probabilities(logits, self._how.link).tolist()
        return [self._scores(dict(zip(self._how.classes, row, strict=True))) for row in rows]

    def _scores(self, found: dict[str, float]) -> Scores:
        scores: dict[str, float] = {}
        for name, category in self._how.categories.items():
            scores[category] = max(found[name], scores.get(category, 0.0))
        return scores


def probabilities(logits: Tensor, link: str) -> Tensor:
    """float64 [n, classes]; `softmax` where a text is of one class, `sigmoid` where it may be of several."""
    values = logits.astype(np.float64)
    if link == "sigmoid":
        sigmoid: Tensor = 1 / (1 + np.exp(-values))
        return sigmoid
    exponentials = np.exp(values - values.max(axis=1, keepdims=True))
    softmax: Tensor = exponentials / exponentials.sum(axis=1, keepdims=True)
    return softmax


def _pad(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    longest = max(len(row) for row in rows)
    ids = np.zeros((len(rows), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return ids, mask

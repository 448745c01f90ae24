"""Classifier-free guidance: away from the prediction without the prompt, towards the one with it."""

from __future__ import annotations

from torch import Tensor


def guided(predictions: Tensor, scale: float) -> Tensor:
    """One prediction [1, …] from a request's rows: [1, …] as it is, [2, …] without the prompt and with it."""
    if len(predictions) == 1:
        return predictions
    without, with_prompt = predictions.chunk(2)
    return without + scale * (with_prompt - without)

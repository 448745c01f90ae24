"""Class names and the choice of the best; free of any runtime, so that the gateway can use it too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ekiben.cards.card import Card
from ekiben.errors import CardError
from ekiben.inference.tensors import Tensor


def read_labels(card: Card) -> list[str]:
    """The class names of a card, one a line.

    Raises:
        CardError: The file is missing.
    """
    if card.labels_path is None:
        raise CardError(f"{card.name}: labels is required")
    try:
        return card.labels_path.read_text("utf-8").splitlines()
    except OSError as error:
        raise CardError(f"{card.name}: labels: {error}") from error


def top_classes(probabilities: Tensor, labels: Sequence[str], k: int) -> list[tuple[int, str, float]]:
    """The k most probable classes of one row [classes]: (index, label, score), best first."""
    best = np.argsort(probabilities)[::-1][:k]
    return [(int(index), labels[index], float(probabilities[index])) for index in best]

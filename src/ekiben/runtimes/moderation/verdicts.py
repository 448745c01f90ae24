"""What a moderation model's output tensors say; free of any runtime, so that the gateway can use it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ekiben.cards.card import Card
from ekiben.errors import CardError
from ekiben.inference.tensors import Tensors


@dataclass(frozen=True, slots=True)
class Verdict:
    """One text's or picture's: a score from 0 to 1 for every category, and whether it is flagged for it."""

    scores: Mapping[str, float]
    categories: Mapping[str, bool]

    @property
    def flagged(self) -> bool:
        """Whether it is flagged for anything."""
        return any(self.categories.values())


def categories_of(card: Card) -> tuple[str, ...]:
    """The card's categories in the order of the tensors' columns.

    Raises:
        CardError: It is no moderation model's.
    """
    if card.moderation is None:
        raise CardError(f"{card.name}: moderation is required")
    return card.moderation.categories


def verdicts(card: Card, outputs: Tensors) -> list[Verdict]:
    """Read `scores` FP32 [n, categories] and `flagged` BOOL [n, categories], a verdict for every row."""
    categories = categories_of(card)
    rows = zip(outputs["scores"].tolist(), outputs["flagged"].tolist(), strict=True)
    return [
        Verdict(dict(zip(categories, scores, strict=True)), dict(zip(categories, flagged, strict=True)))
        for scores, flagged in rows
    ]

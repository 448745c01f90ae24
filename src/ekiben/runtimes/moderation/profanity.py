"""A bag-of-terms classifier over whole texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ekiben.cards.moderation import Terms
from ekiben.runtimes.moderation.classifier import Prepared, Scores
from ekiben.runtimes.moderation.terms import TermModel


class Profanity:
    """See `Classifier`.

    Args:
        how: The card's section.
        model: The loaded classifier.
    """

    def __init__(self, how: Terms, model: TermModel) -> None:
        self._how, self._model = how, model

    def prepare(self, content: str) -> Prepared:
        """Count the text's terms."""
        return Prepared(self._model.count(content))

    def infer(self, payloads: Sequence[Any]) -> Sequence[Scores]:
        """Each mapped class's probability."""
        classes, mapped = self._model.described.classes, self._how.categories
        rows = self._model.probabilities(payloads).tolist()
        return [
            {mapped[name]: score for name, score in zip(classes, row, strict=True) if name in mapped} for row in rows
        ]

"""Attacks on language models: a bag-of-terms classifier over a text and its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Final

import numpy as np

from ekiben.cards.moderation import PromptInjection
from ekiben.errors import WeightsError
from ekiben.inference.tensors import Tensor
from ekiben.runtimes.moderation.classifier import Prepared, Scores
from ekiben.runtimes.moderation.spans import spans_of
from ekiben.runtimes.moderation.terms import TermModel

# Long texts cost as their length; short ones mostly the call.
_CHARACTERS_PER_COST: Final = 2_000
# The thresholds were set on probabilities of so many digits.
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class InjectionVerdict:
    """What a text, judged with its parts, comes to.

    Attributes:
        harm: The probability of any attack in the text or the part that decides.
        attack: The likeliest attack there.
        probabilities: Of each class, there.
    """

    harm: float
    attack: str
    probabilities: dict[str, float]


class Injection:
    """See `Classifier`.

    Args:
        how: The card's section.
        model: The loaded classifier.

    Raises:
        WeightsError: The model has no class that means no harm.
    """

    def __init__(self, how: PromptInjection, model: TermModel) -> None:
        if model.described.benign is None:
            raise WeightsError(f"{how.model}: it has no benign class")
        self._how, self._model = how, model
        self._benign = model.described.classes.index(model.described.benign)
        self._attacks = [name for name in model.described.classes if name != model.described.benign]

    def prepare(self, content: str) -> Prepared:
        """Count the terms of the text and of each of its parts."""
        bags = [self._model.count(part) for part in (content, *spans_of(content))]
        return Prepared(bags, 1 + len(content) // _CHARACTERS_PER_COST)

    def infer(self, payloads: Sequence[Any]) -> Sequence[Scores]:
        """The likeliest attack scores the probability of any, the others their own."""
        return [self._scores(verdict) for verdict in self.verdicts(payloads)]

    def verdicts(self, payloads: Sequence[Any]) -> list[InjectionVerdict]:
        """Judge every part in one call and each text by the part that decides."""
        rows = self._model.probabilities([bag for bags in payloads for bag in bags])
        bounds = accumulate((len(bags) for bags in payloads), initial=0)
        return [self._verdict(rows[start:stop]) for start, stop in pairwise(bounds)]

    def _verdict(self, rows: Tensor) -> InjectionVerdict:
        """By the whole text, unless a part is more harmful and beyond the higher threshold that parts have."""
        attacks = np.delete(rows.astype(np.float64), self._benign, axis=1)
        harm = attacks.sum(axis=1).round(_DIGITS)
        likeliest = int(harm.argmax())
        described = self._model.described
        enough = max(described.threshold, described.window_threshold)
        row = likeliest if harm[likeliest] >= enough else 0
        found = dict(zip(self._attacks, attacks[row].tolist(), strict=True))
        return InjectionVerdict(min(1.0, float(harm[row])), max(found, key=found.__getitem__), found)

    def _scores(self, verdict: InjectionVerdict) -> Scores:
        probabilities = {**verdict.probabilities, verdict.attack: verdict.harm}
        mapped = self._how.categories
        scores: dict[str, float] = {}
        for name, probability in probabilities.items():
            if category := mapped.get(name):
                scores[category] = max(probability, scores.get(category, 0.0))
        return scores

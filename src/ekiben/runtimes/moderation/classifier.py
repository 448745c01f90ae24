"""What every classifier is, whatever it looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

# By category, 0 to 1; a category that is not there scores 0.
Scores = Mapping[str, float]
Content = TypeVar("Content", contravariant=True)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One text or picture, ready for `infer`.

    Attributes:
        payload: What the classifier needs; opaque to everyone else.
        cost: In the card's batch unit, at least 1.
    """

    payload: Any
    cost: int = 1


class Classifier(Protocol[Content]):
    """Judges texts (`Content` is str) or pictures (a Pillow image)."""

    def prepare(self, content: Content) -> Prepared:
        """Do what needs no device: any thread, one item at a time.

        Raises:
            InvalidRequest: The content cannot be judged.
        """

    def infer(self, payloads: Sequence[Any]) -> Sequence[Scores]:
        """Judge a batch, on the device's thread; scores in the payloads' order.

        Raises:
            DeviceOutOfMemory: The batch did not fit; a smaller one may.
        """


def highest(scores: Sequence[Scores]) -> dict[str, float]:
    """Of every category the highest score that any of them has."""
    best: dict[str, float] = {}
    for each in scores:
        for category, score in each.items():
            best[category] = max(score, best.get(category, 0.0))
    return best

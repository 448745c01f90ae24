from __future__ import annotations

from ekiben.runtimes.moderation.classifier import highest


def test_of_every_category_the_highest_score() -> None:
    assert highest([{"a": 0.1, "b": 0.9}, {}, {"a": 0.4, "c": 0.0}]) == {"a": 0.4, "b": 0.9, "c": 0.0}

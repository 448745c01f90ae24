"""A toy that judges texts and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ekiben.cards.card import Card, Inputs, Task
from ekiben.cards.moderation import BlockList, Moderation
from ekiben.errors import InvalidRequest, Unavailable
from ekiben.inference.model import Item
from ekiben.inference.tensors import Signature, Tensors, TensorSpec
from ekiben.testing.embedding import toy_card


def toy_moderation_card(name: str = "toy-moderation", **changes: Any) -> Card:
    """A valid card of a moderation model with two categories; `changes` replace its fields."""
    section = BlockList(kind="block-list", file="list.txt", categories=("harassment", "spam"))
    judged = Moderation(classifiers=(section,), thresholds={"harassment": 0.5, "spam": 0.5})
    inputs = Inputs(max_items=4, max_characters=40)
    return toy_card(name, **{"task": Task.MODERATION, "moderation": judged, "inputs": inputs, **changes})


class ToyModeration:
    """Flags `harassment` in a text or picture that holds `rude`, `spam` in one that holds `offer`.

    `refuse` makes its request be refused, `broken` says that nobody can judge.
    """

    def __init__(self, card: Card | None = None) -> None:
        self.card = card or toy_moderation_card()
        self.device = "cpu"
        self.signature = Signature(
            inputs=(TensorSpec("parts", "BYTES", (-1, 2)),),
            outputs=(TensorSpec("scores", "FP32", (-1, 2)), TensorSpec("flagged", "BOOL", (-1, 2))),
        )
        self.judged: list[bytes] = []

    def is_light(self, inputs: Tensors) -> bool:  # noqa: ARG002 - the protocol's
        """Always."""
        return True

    def prepare(self, inputs: Tensors) -> Iterable[Item]:
        """Take the contents of the parts."""
        contents = [bytes(content) for _, content in inputs["parts"]]
        for index, content in enumerate(contents):
            if b"refuse" in content:
                raise InvalidRequest(f"input[{index}] is refused.", param=f"input[{index}]")
            if b"broken" in content:
                raise Unavailable("broken.")
        self.judged += contents
        return [Item(content) for content in contents]

    def infer(self, payloads: Sequence[Any]) -> Sequence[Any]:
        """A score for each category."""
        return [np.array([b"rude" in content, b"offer" in content], dtype=np.float32) for content in payloads]

    def finish(self, items: Sequence[Item], results: Sequence[Any]) -> Tensors:  # noqa: ARG002 - the protocol's
        """`scores` FP32 [n, 2] and `flagged` BOOL [n, 2]."""
        scores = np.stack(results)
        return {"scores": scores, "flagged": scores >= 0.5}

    def warm_up(self) -> None:
        """Nothing to warm."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor

from training.emoji.dictionary import Dictionary

LIST = """\
# a comment
[food]
*red apple = apple
carrot
[vehicles]
*automobile = car, motorcar
[faces]
ghost
"""
ENTRIES = [
    {"label": "red apple", "hexcode": "1F34E", "tags": ["fruit", "orchard", "round", "sky"]},
    {"label": "carrot", "hexcode": "1F955", "tags": ["food", "root", "round"]},
    {"label": "automobile", "hexcode": "1F697-FE0F", "tags": ["driving", "motor", "wheels", "sky blue", "5x"]},
    {"label": "ghost", "hexcode": "1F47B", "tags": ["boo", "spooky", "halloween"]},
    {"label": "not asked for", "hexcode": "1F000", "tags": ["boo"]},
]
INKS = {"1f34e": (220, 30, 40), "1f955": (240, 130, 20), "1f697-fe0f": (40, 90, 220), "1f47b": (235, 235, 240)}

DICTIONARY = Dictionary(
    senses={
        "apple": ["a"], "pippin": ["p"], "pome": ["o"], "wagon": ["w"], "theorem": ["t"], "carrot": ["c"], "mote": ["m"]
    },
    descriptions={
        "a": "a fruit", "p": "a small one", "o": "of some trees", "w": "car", "t": "an idea", "c": "a root",
        "m": "apple",
    },
    kinds={"a": ["o"], "p": ["a"]},
    counts={"apple": 10, "pippin": 20, "pome": 25, "wagon": 30, "theorem": 40, "carrot": 50, "mote": 1},
)  # fmt: skip


class ToyMeanings:
    """A direction drawn by a hash for each word; a phrase is the sum of its words."""

    def __call__(self, texts: Sequence[str]) -> Tensor:
        return torch.nn.functional.normalize(torch.stack([_direction(text) for text in texts]), dim=-1)

    def vocabulary(self) -> list[str]:
        return ["the", "and", "apple", "apples", "house", "carriage"]


def _direction(text: str) -> Tensor:
    total = torch.zeros(384)
    for word in text.lower().split() or [""]:
        # What begins alike means alike.
        seed = int.from_bytes(hashlib.sha256(word[:5].encode()).digest()[:6], "big")
        total += torch.randn(384, generator=torch.Generator().manual_seed(seed))
    return total

"""Encoded prompts, kept: the same text is often asked for again, and the empty one almost always."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from ekiben.diffusion.family import Conditions
from ekiben.diffusion.request import Adapter

Key = tuple[str, tuple[Adapter, ...]]
"""The text, and the adapters in force: they may change the text encoders too."""


class PromptCache:
    """Forgets the least recently used encodings beyond a bound.

    Args:
        max_bytes: Of all encodings together; one that is larger alone is not kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, Conditions] = OrderedDict()
        self.size_bytes = 0

    def get(self, text: str, adapters: tuple[Adapter, ...], encode: Callable[[str], Conditions]) -> Conditions:
        """The encoding of a text, computed if it is not kept."""
        key = (text, adapters)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        encoded = encode(text)
        self._kept[key] = encoded
        self.size_bytes += _size_bytes(encoded)
        while self.size_bytes > self._max_bytes:
            _, forgotten = self._kept.popitem(last=False)
            self.size_bytes -= _size_bytes(forgotten)
        return encoded


def _size_bytes(encoded: Conditions) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in encoded.values())

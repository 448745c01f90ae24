from __future__ import annotations

import torch

from ekiben.diffusion.family import Conditions
from ekiben.diffusion.prompts import PromptCache
from ekiben.diffusion.request import Adapter


class _Encoder:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, text: str) -> Conditions:
        self.asked.append(text)
        return {"text": torch.zeros(1, 25)}  # 100 bytes


def test_the_least_recently_used_is_forgotten_first() -> None:
    encode, cache = _Encoder(), PromptCache(200)
    for text in ("a", "b", "a", "c", "a", "b"):
        cache.get(text, (), encode)
    assert encode.asked == ["a", "b", "c", "b"]
    assert cache.size_bytes == 200


def test_what_is_larger_than_the_bound_is_not_kept() -> None:
    encode, cache = _Encoder(), PromptCache(99)
    cache.get("a", (), encode)
    cache.get("a", (), encode)
    assert (encode.asked, cache.size_bytes) == (["a", "a"], 0)


def test_adapters_make_it_another_text() -> None:
    encode, cache = _Encoder(), PromptCache(1_000)
    cache.get("a", (), encode)
    cache.get("a", (Adapter(name="ink"),), encode)
    assert encode.asked == ["a", "a"]
